import type { Chat, NumberCheck } from "../generated/types";
import { ofSession, Resource, type Body, type Json, type SuccessResult } from "./resource";

/** Contacts. */
export class ContactsResource extends Resource {
  /** `GET /api/sessions/{sessionId}/contacts` */
  list(sessionId: string, query?: object): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/contacts`, query);
  }

  /** `GET /api/sessions/{sessionId}/contacts/{contactId}` */
  get(sessionId: string, contactId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/contacts/${contactId}`);
  }

  /** `GET /api/sessions/{sessionId}/contacts/check/{number}` */
  check(sessionId: string, number: string): Promise<NumberCheck> {
    return this.http.get(ofSession(sessionId)`/contacts/check/${number}`);
  }

  /** `GET /api/sessions/{sessionId}/contacts/{contactId}/profile-picture` */
  profilePicture(sessionId: string, contactId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/contacts/${contactId}/profile-picture`);
  }

  /** `GET /api/sessions/{sessionId}/contacts/profile-pictures` */
  profilePictures(sessionId: string, ids: readonly string[]): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/contacts/profile-pictures`, { ids: ids.join(",") });
  }

  /** `GET /api/sessions/{sessionId}/contacts/{contactId}/phone` */
  phone(sessionId: string, contactId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/contacts/${contactId}/phone`);
  }

  /** `PUT /api/sessions/{sessionId}/contacts/{contactId}` */
  upsert(sessionId: string, contactId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/contacts/${contactId}`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/contacts/{contactId}` */
  delete(sessionId: string, contactId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/contacts/${contactId}`);
  }

  /** `POST /api/sessions/{sessionId}/contacts/{contactId}/block` */
  block(sessionId: string, contactId: string): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/contacts/${contactId}/block`);
  }

  /** `DELETE /api/sessions/{sessionId}/contacts/{contactId}/block` */
  unblock(sessionId: string, contactId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/contacts/${contactId}/block`);
  }

  /** `GET /api/sessions/{sessionId}/contacts/blocked` */
  listBlocked(sessionId: string): Promise<string[]> {
    return this.http.get(ofSession(sessionId)`/contacts/blocked`);
  }
}

/** Chats. */
export class ChatsResource extends Resource {
  /** `GET /api/sessions/{sessionId}/chats` */
  list(sessionId: string, query?: object): Promise<Chat[]> {
    return this.http.get(ofSession(sessionId)`/chats`, query);
  }

  /** `POST /api/sessions/{sessionId}/chats/read` */
  markRead(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/read`, body);
  }

  /** `POST /api/sessions/{sessionId}/chats/unread` */
  markUnread(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/unread`, body);
  }

  /** `POST /api/sessions/{sessionId}/chats/archive` */
  archive(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/archive`, body);
  }

  /** `POST /api/sessions/{sessionId}/chats/pin` */
  pin(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/pin`, body);
  }

  /** `POST /api/sessions/{sessionId}/chats/mute` */
  mute(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/mute`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/chats/{chatId}/messages` */
  clearMessages(sessionId: string, chatId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/chats/${chatId}/messages`);
  }

  /** `POST /api/sessions/{sessionId}/chats/delete` */
  delete(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/delete`, body);
  }

  /** `POST /api/sessions/{sessionId}/chats/typing` */
  sendState(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/chats/typing`, body);
  }

  /** `POST /api/sessions/{sessionId}/presence/subscribe` */
  subscribePresence(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/presence/subscribe`, body);
  }

  /** `GET /api/sessions/{sessionId}/presence/{chatId}` */
  getPresence(sessionId: string, chatId: string): Promise<Json | null> {
    return this.http.get(ofSession(sessionId)`/presence/${chatId}`);
  }
}
