import type { Chat, Group, GroupSummary } from "../generated/types";
import { ofSession, Resource, type Body, type Json, type SuccessResult } from "./resource";

/** Groups. */
export class GroupsResource extends Resource {
  /** `GET /api/sessions/{sessionId}/groups` */
  list(sessionId: string, query?: object): Promise<GroupSummary[]> {
    return this.http.get(ofSession(sessionId)`/groups`, query);
  }

  /** `GET /api/sessions/{sessionId}/groups/{groupId}` */
  get(sessionId: string, groupId: string): Promise<Group> {
    return this.http.get(ofSession(sessionId)`/groups/${groupId}`);
  }

  /** `POST /api/sessions/{sessionId}/groups` */
  create(sessionId: string, body: Body): Promise<GroupSummary> {
    return this.http.post(ofSession(sessionId)`/groups`, body);
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/participants` */
  addParticipants(sessionId: string, groupId: string, participants: readonly string[]): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/participants`, { participants });
  }

  /** `DELETE /api/sessions/{sessionId}/groups/{groupId}/participants` */
  removeParticipants(sessionId: string, groupId: string, participants: readonly string[]): Promise<Json> {
    return this.http.delete(ofSession(sessionId)`/groups/${groupId}/participants`, { participants });
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/participants/promote` */
  promoteParticipants(sessionId: string, groupId: string, participants: readonly string[]): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/participants/promote`, { participants });
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/participants/demote` */
  demoteParticipants(sessionId: string, groupId: string, participants: readonly string[]): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/participants/demote`, { participants });
  }

  /** `PUT /api/sessions/{sessionId}/groups/{groupId}/subject` */
  setSubject(sessionId: string, groupId: string, subject: string): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/groups/${groupId}/subject`, { subject });
  }

  /** `PUT /api/sessions/{sessionId}/groups/{groupId}/description` */
  setDescription(sessionId: string, groupId: string, description: string): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/groups/${groupId}/description`, { description });
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/leave` */
  leave(sessionId: string, groupId: string): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/leave`);
  }

  /** `GET /api/sessions/{sessionId}/groups/{groupId}/picture` */
  getPicture(sessionId: string, groupId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/groups/${groupId}/picture`);
  }

  /** `PUT /api/sessions/{sessionId}/groups/{groupId}/picture` */
  setPicture(sessionId: string, groupId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/groups/${groupId}/picture`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/groups/{groupId}/picture` */
  deletePicture(sessionId: string, groupId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/groups/${groupId}/picture`);
  }

  /** `GET /api/sessions/{sessionId}/groups/{groupId}/invite-code` */
  inviteCode(sessionId: string, groupId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/groups/${groupId}/invite-code`);
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/invite-code/revoke` */
  revokeInviteCode(sessionId: string, groupId: string): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/invite-code/revoke`);
  }

  /** `GET /api/sessions/{sessionId}/groups/join-info` */
  joinInfo(sessionId: string, code: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/groups/join-info`, { code });
  }

  /** `POST /api/sessions/{sessionId}/groups/join` */
  joinGroup(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/join`, body);
  }

  /** `GET /api/sessions/{sessionId}/groups/{groupId}/settings` */
  getGroupSettings(sessionId: string, groupId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/groups/${groupId}/settings`);
  }

  /** `PUT /api/sessions/{sessionId}/groups/{groupId}/settings` */
  updateGroupSettings(sessionId: string, groupId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/groups/${groupId}/settings`, body);
  }

  /** `GET /api/sessions/{sessionId}/groups/{groupId}/membership-requests` */
  getMembershipRequests(sessionId: string, groupId: string): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/groups/${groupId}/membership-requests`);
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/membership-requests/approve` */
  approveMembershipRequests(sessionId: string, groupId: string, participants?: readonly string[]): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/membership-requests/approve`, participants === undefined ? {} : { participants });
  }

  /** `POST /api/sessions/{sessionId}/groups/{groupId}/membership-requests/reject` */
  rejectMembershipRequests(sessionId: string, groupId: string, participants?: readonly string[]): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/groups/${groupId}/membership-requests/reject`, participants === undefined ? {} : { participants });
  }
}

/** Channels. */
export class ChannelsResource extends Resource {
  /** `GET /api/sessions/{sessionId}/channels` */
  list(sessionId: string): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/channels`);
  }

  /** `GET /api/sessions/{sessionId}/channels/{channelId}` */
  get(sessionId: string, channelId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/channels/${channelId}`);
  }

  /** `GET /api/sessions/{sessionId}/channels/{channelId}/messages` */
  messages(sessionId: string, channelId: string, query?: object): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/channels/${channelId}/messages`, query);
  }

  /** `POST /api/sessions/{sessionId}/channels` */
  create(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/channels`, body);
  }

  /** `POST /api/sessions/{sessionId}/channels/{channelId}/delete` */
  delete(sessionId: string, channelId: string): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/channels/${channelId}/delete`);
  }

  /** `POST /api/sessions/{sessionId}/channels/{channelId}/mute` */
  mute(sessionId: string, channelId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/channels/${channelId}/mute`, body);
  }

  /** `POST /api/sessions/{sessionId}/channels/subscribe` */
  subscribe(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/channels/subscribe`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/channels/{channelId}` */
  unsubscribe(sessionId: string, channelId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/channels/${channelId}`);
  }

  /** `POST /api/sessions/{sessionId}/channels/{channelId}/admins/demote` */
  demoteAdmin(sessionId: string, channelId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/channels/${channelId}/admins/demote`, body);
  }

  /** `POST /api/sessions/{sessionId}/channels/{channelId}/owner/transfer` */
  transferOwnership(sessionId: string, channelId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/channels/${channelId}/owner/transfer`, body);
  }
}

/** Labels. */
export class LabelsResource extends Resource {
  /** `GET /api/sessions/{sessionId}/labels` */
  list(sessionId: string): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/labels`);
  }

  /** `GET /api/sessions/{sessionId}/labels/{labelId}` */
  get(sessionId: string, labelId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/labels/${labelId}`);
  }

  /** `GET /api/sessions/{sessionId}/labels/{labelId}/chats` */
  chats(sessionId: string, labelId: string): Promise<Chat[]> {
    return this.http.get(ofSession(sessionId)`/labels/${labelId}/chats`);
  }

  /** `PUT /api/sessions/{sessionId}/labels/{labelId}` */
  upsert(sessionId: string, labelId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/labels/${labelId}`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/labels/{labelId}` */
  delete(sessionId: string, labelId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/labels/${labelId}`);
  }

  /** `GET /api/sessions/{sessionId}/labels/chat/{chatId}` */
  forChat(sessionId: string, chatId: string): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/labels/chat/${chatId}`);
  }

  /** `POST /api/sessions/{sessionId}/labels/chat/{chatId}` */
  addToChat(sessionId: string, chatId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/labels/chat/${chatId}`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/labels/chat/{chatId}/{labelId}` */
  removeFromChat(sessionId: string, chatId: string, labelId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/labels/chat/${chatId}/${labelId}`);
  }
}
