import type { DeliveryFailure, HealthStatus, Liveness, PairingCode, QrCode, Readiness, RedriveResult, Session, SessionConfig, SessionProxy, SessionsOverview, Webhook, WebhookTestResult } from "../generated/types";
import { ofSession, path, Resource, type Body, type Json, type SuccessResult } from "./resource";

/** Sessions. */
export class SessionsResource extends Resource {
  /** `GET /api/sessions` */
  list(query?: object): Promise<Session[]> {
    return this.http.get(path`/api/sessions`, query);
  }

  /** `GET /api/sessions/{sessionId}` */
  get(sessionId: string): Promise<Session> {
    return this.http.get(ofSession(sessionId)``);
  }

  /** `POST /api/sessions` */
  create(body: Body): Promise<Session> {
    return this.http.post(path`/api/sessions`, body);
  }

  /** `DELETE /api/sessions/{sessionId}` */
  delete(sessionId: string): Promise<null> {
    return this.http.delete(ofSession(sessionId)``);
  }

  /** `POST /api/sessions/{sessionId}/start` */
  start(sessionId: string): Promise<Session> {
    return this.http.post(ofSession(sessionId)`/start`);
  }

  /** `POST /api/sessions/{sessionId}/stop` */
  stop(sessionId: string): Promise<Session> {
    return this.http.post(ofSession(sessionId)`/stop`);
  }

  /** `POST /api/sessions/{sessionId}/logout` */
  logout(sessionId: string): Promise<Session> {
    return this.http.post(ofSession(sessionId)`/logout`);
  }

  /** `POST /api/sessions/{sessionId}/force-kill` */
  forceKill(sessionId: string): Promise<Session> {
    return this.http.post(ofSession(sessionId)`/force-kill`);
  }

  /** `GET /api/sessions/{sessionId}/qr` */
  getQrCode(sessionId: string): Promise<QrCode> {
    return this.http.get(ofSession(sessionId)`/qr`);
  }

  /** `POST /api/sessions/{sessionId}/pairing-code` */
  requestPairingCode(sessionId: string, body: Body): Promise<PairingCode> {
    return this.http.post(ofSession(sessionId)`/pairing-code`, body);
  }

  /** `GET /api/sessions/stats/overview` */
  stats(): Promise<SessionsOverview> {
    return this.http.get(path`/api/sessions/stats/overview`);
  }

  /** `GET /api/sessions/{sessionId}/config` */
  getConfig(sessionId: string): Promise<SessionConfig> {
    return this.http.get(ofSession(sessionId)`/config`);
  }

  /** `PATCH /api/sessions/{sessionId}/config` */
  updateConfig(sessionId: string, body: Body): Promise<SessionConfig> {
    return this.http.patch(ofSession(sessionId)`/config`, body);
  }

  /** `GET /api/sessions/{sessionId}/proxy` */
  getProxy(sessionId: string): Promise<SessionProxy> {
    return this.http.get(ofSession(sessionId)`/proxy`);
  }

  /** `PATCH /api/sessions/{sessionId}/proxy` */
  updateProxy(sessionId: string, body: Body): Promise<SessionProxy> {
    return this.http.patch(ofSession(sessionId)`/proxy`, body);
  }

  /** `PUT /api/sessions/{sessionId}/presence` */
  setOnlinePresence(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/presence`, body);
  }
}

/** Webhooks. */
export class WebhooksResource extends Resource {
  /** `GET /api/webhooks` */
  listAll(query?: object): Promise<Webhook[]> {
    return this.http.get(path`/api/webhooks`, query);
  }

  /** `GET /api/webhooks/delivery-failures` */
  deliveryFailures(query?: object): Promise<DeliveryFailure[]> {
    return this.http.get(path`/api/webhooks/delivery-failures`, query);
  }

  /** `POST /api/webhooks/delivery-failures/redrive` */
  redriveDeliveryFailures(body: Body = {}): Promise<RedriveResult> {
    return this.http.post(path`/api/webhooks/delivery-failures/redrive`, body);
  }

  /** `GET /api/sessions/{sessionId}/webhooks` */
  list(sessionId: string): Promise<Webhook[]> {
    return this.http.get(ofSession(sessionId)`/webhooks`);
  }

  /** `GET /api/sessions/{sessionId}/webhooks/{webhookId}` */
  get(sessionId: string, webhookId: string): Promise<Webhook> {
    return this.http.get(ofSession(sessionId)`/webhooks/${webhookId}`);
  }

  /** `POST /api/sessions/{sessionId}/webhooks` */
  create(sessionId: string, body: Body): Promise<Webhook> {
    return this.http.post(ofSession(sessionId)`/webhooks`, body);
  }

  /** `PUT /api/sessions/{sessionId}/webhooks/{webhookId}` */
  update(sessionId: string, webhookId: string, body: Body): Promise<Webhook> {
    return this.http.put(ofSession(sessionId)`/webhooks/${webhookId}`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/webhooks/{webhookId}` */
  delete(sessionId: string, webhookId: string): Promise<null> {
    return this.http.delete(ofSession(sessionId)`/webhooks/${webhookId}`);
  }

  /** `POST /api/sessions/{sessionId}/webhooks/{webhookId}/test` */
  test(sessionId: string, webhookId: string): Promise<WebhookTestResult> {
    return this.http.post(ofSession(sessionId)`/webhooks/${webhookId}/test`);
  }
}

/** The health of the gateway. */
export class HealthResource extends Resource {
  /** `GET /api/health` */
  check(): Promise<HealthStatus> {
    return this.http.get(path`/api/health`);
  }

  /** `GET /api/health/live` */
  live(): Promise<Liveness> {
    return this.http.get(path`/api/health/live`);
  }

  /** `GET /api/health/ready` */
  ready(): Promise<Readiness> {
    return this.http.get(path`/api/health/ready`);
  }
}

/** Search. */
export class SearchResource extends Resource {
  /** `GET /api/search` */
  search(query: object): Promise<Json> {
    return this.http.get(path`/api/search`, query);
  }
}

/** The profile of the account. */
export class ProfileResource extends Resource {
  /** `PUT /api/sessions/{sessionId}/profile/name` */
  setProfileName(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/profile/name`, body);
  }

  /** `PUT /api/sessions/{sessionId}/profile/status` */
  setProfileStatus(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/profile/status`, body);
  }

  /** `PUT /api/sessions/{sessionId}/profile/picture` */
  setProfilePicture(sessionId: string, body: Body): Promise<SuccessResult> {
    return this.http.put(ofSession(sessionId)`/profile/picture`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/profile/picture` */
  deleteProfilePicture(sessionId: string): Promise<SuccessResult> {
    return this.http.delete(ofSession(sessionId)`/profile/picture`);
  }
}

/** Calls. */
export class CallsResource extends Resource {
  /** `POST /api/sessions/{sessionId}/calls/{callId}/reject` */
  rejectCall(sessionId: string, callId: string): Promise<SuccessResult> {
    return this.http.post(ofSession(sessionId)`/calls/${callId}/reject`);
  }

  /** `POST /api/sessions/{sessionId}/calls/link` */
  createLink(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/calls/link`, body);
  }
}
