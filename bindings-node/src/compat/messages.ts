import type { MessageList, ReactionGroup, SentMessage } from "../generated/types";
import type { BinaryResponse } from "./http";
import { ofSession, Resource, type Body, type Json, type SuccessResult } from "./resource";

/** Messages. */
export class MessagesResource extends Resource {
  /** `GET /api/sessions/{sessionId}/messages` */
  list(sessionId: string, query?: object): Promise<MessageList> {
    return this.http.get(ofSession(sessionId)`/messages`, query);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-text` */
  sendText(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-text`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-image` */
  sendImage(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-image`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-video` */
  sendVideo(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-video`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-audio` */
  sendAudio(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-audio`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-document` */
  sendDocument(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-document`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-sticker` */
  sendSticker(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-sticker`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-location` */
  sendLocation(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-location`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-contact` */
  sendContact(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-contact`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-poll` */
  sendPoll(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-poll`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-template` */
  sendTemplate(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/send-template`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/reply` */
  reply(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/reply`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/click-button` */
  clickButton(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/click-button`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/forward` */
  forward(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/forward`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/react` */
  react(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/react`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/delete` */
  delete(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/delete`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/edit` */
  editMessage(sessionId: string, body: Body): Promise<SentMessage> {
    return this.http.post(ofSession(sessionId)`/messages/edit`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/pin` */
  pin(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/pin`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/unpin` */
  unpin(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/unpin`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/star` */
  star(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/star`, body);
  }

  /** `POST /api/sessions/{sessionId}/messages/vote-poll` */
  votePoll(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/messages/vote-poll`, body);
  }

  /** `GET /api/sessions/{sessionId}/messages/{chatId}/history` */
  history(sessionId: string, chatId: string, query?: object): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/messages/${chatId}/history`, query);
  }

  /** `GET /api/sessions/{sessionId}/messages/{chatId}/{messageId}/reactions` */
  reactions(sessionId: string, chatId: string, messageId: string): Promise<ReactionGroup[]> {
    return this.http.get(ofSession(sessionId)`/messages/${chatId}/${messageId}/reactions`);
  }

  /** `GET /api/sessions/{sessionId}/messages/{chatId}/{messageId}/media` */
  media(sessionId: string, chatId: string, messageId: string): Promise<BinaryResponse> {
    return this.http.file(ofSession(sessionId)`/messages/${chatId}/${messageId}/media`);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-bulk` */
  sendBulk(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/messages/send-bulk`, body);
  }

  /** `GET /api/sessions/{sessionId}/messages/batch/{batchId}` */
  batchStatus(sessionId: string, batchId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/messages/batch/${batchId}`);
  }

  /** `POST /api/sessions/{sessionId}/messages/batch/{batchId}/cancel` */
  cancelBatch(sessionId: string, batchId: string): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/messages/batch/${batchId}/cancel`);
  }
}
