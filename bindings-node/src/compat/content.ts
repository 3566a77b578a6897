import type { BinaryResponse } from "./http";
import { ofSession, Resource, type Body, type Json } from "./resource";

/** Status updates. */
export class StatusResource extends Resource {
  /** `GET /api/sessions/{sessionId}/status` */
  list(sessionId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/status`);
  }

  /** `GET /api/sessions/{sessionId}/status/{contactId}` */
  fromContact(sessionId: string, contactId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/status/${contactId}`);
  }

  /** `GET /api/sessions/{sessionId}/status/{statusId}/media` */
  media(sessionId: string, statusId: string): Promise<BinaryResponse> {
    return this.http.file(ofSession(sessionId)`/status/${statusId}/media`);
  }

  /** `POST /api/sessions/{sessionId}/status/send-text` */
  sendText(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/status/send-text`, body);
  }

  /** `POST /api/sessions/{sessionId}/status/send-image` */
  sendImage(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/status/send-image`, body);
  }

  /** `POST /api/sessions/{sessionId}/status/send-video` */
  sendVideo(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/status/send-video`, body);
  }

  /** `POST /api/sessions/{sessionId}/status/send-voice` */
  sendVoice(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/status/send-voice`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/status/{statusId}` */
  delete(sessionId: string, statusId: string): Promise<null> {
    return this.http.delete(ofSession(sessionId)`/status/${statusId}`);
  }
}

/** Conversion of media. */
export class MediaResource extends Resource {
  /** `GET /api/sessions/{sessionId}/media/convert` */
  conversionStatus(sessionId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/media/convert`);
  }

  /** `POST /api/sessions/{sessionId}/media/convert/voice` */
  convertVoice(sessionId: string, source: { url?: string; base64?: string }): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/media/convert/voice`, source);
  }

  /** `POST /api/sessions/{sessionId}/media/convert/video` */
  convertVideo(sessionId: string, source: { url?: string; base64?: string }): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/media/convert/video`, source);
  }
}

/** The catalog of a business. */
export class CatalogResource extends Resource {
  /** `GET /api/sessions/{sessionId}/catalog` */
  info(sessionId: string): Promise<Json | null> {
    return this.http.get(ofSession(sessionId)`/catalog`);
  }

  /** `GET /api/sessions/{sessionId}/catalog/products` */
  products(sessionId: string, query?: object): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/catalog/products`, query);
  }

  /** `GET /api/sessions/{sessionId}/catalog/products/{productId}` */
  product(sessionId: string, productId: string): Promise<Json | null> {
    return this.http.get(ofSession(sessionId)`/catalog/products/${productId}`);
  }

  /** `POST /api/sessions/{sessionId}/messages/send-product` */
  sendProduct(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/messages/send-product`, body);
  }
}

/** Templates of texts. */
export class TemplatesResource extends Resource {
  /** `GET /api/sessions/{sessionId}/templates` */
  list(sessionId: string): Promise<Json[]> {
    return this.http.get(ofSession(sessionId)`/templates`);
  }

  /** `GET /api/sessions/{sessionId}/templates/{templateId}` */
  get(sessionId: string, templateId: string): Promise<Json> {
    return this.http.get(ofSession(sessionId)`/templates/${templateId}`);
  }

  /** `POST /api/sessions/{sessionId}/templates` */
  create(sessionId: string, body: Body): Promise<Json> {
    return this.http.post(ofSession(sessionId)`/templates`, body);
  }

  /** `PUT /api/sessions/{sessionId}/templates/{templateId}` */
  update(sessionId: string, templateId: string, body: Body): Promise<Json> {
    return this.http.put(ofSession(sessionId)`/templates/${templateId}`, body);
  }

  /** `DELETE /api/sessions/{sessionId}/templates/{templateId}` */
  delete(sessionId: string, templateId: string): Promise<null> {
    return this.http.delete(ofSession(sessionId)`/templates/${templateId}`);
  }
}
