// The names under which OpenWA's own SDK has what our document names otherwise.
import type {
  Chat,
  CreateSession,
  CreateWebhook,
  DeleteMessage,
  EventType,
  Group,
  HealthStatus,
  KeyValidation,
  MarkChatRead,
  Message,
  MessageList,
  NumberCheck,
  PairingCode,
  QrCode,
  ReactionGroup,
  Readiness,
  ReadinessDetails,
  ReactToMessage,
  RequestPairingCode,
  SendMedia,
  SendReply,
  SendText,
  SentMessage,
  Session,
  SessionsOverview,
  UpdateWebhook,
  Webhook,
  WebhookCondition,
} from "../generated/types";

export type { SuccessResult } from "./resource";

/** `628123456789@c.us`, or a group's `…@g.us`. */
export type Jid = string;
/** What a webhook may subscribe to; `*` is all. */
export type WebhookEvent = EventType | "*";

export type AuthValidateResponse = KeyValidation;
export type ChatSummary = Chat;
export type CheckNumberResponse = NumberCheck;
export type CreateSessionRequest = CreateSession;
export type CreateWebhookRequest = CreateWebhook;
export type DeleteMessageRequest = DeleteMessage;
export type GroupInfo = Group;
export type HealthReadyDetails = ReadinessDetails;
export type HealthReadyResponse = Readiness;
export type HealthResponse = HealthStatus;
export type MarkChatRequest = MarkChatRead;
export type MessageListResponse = MessageList;
export type MessageRecord = Message;
export type MessageResponse = SentMessage;
export type PairingCodeResponse = PairingCode;
export type QrCodeResponse = QrCode;
export type ReactionRecord = ReactionGroup;
export type ReactMessageRequest = ReactToMessage;
export type ReplyMessageRequest = SendReply;
export type RequestPairingCodeRequest = RequestPairingCode;
export type SendMediaRequest = SendMedia;
export type SendTextRequest = SendText;
export type SessionResponse = Session;
export type SessionStatsOverview = SessionsOverview;
export type UpdateWebhookRequest = UpdateWebhook;
export type WebhookFilterCondition = WebhookCondition;
export type WebhookResponse = Webhook;
