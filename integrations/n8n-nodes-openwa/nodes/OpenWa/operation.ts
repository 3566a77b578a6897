import type { IHttpRequestMethods } from 'n8n-workflow';

/** How the value of a field becomes what the gateway takes. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'time' | 'list' | 'json';

/** One thing that an operation takes. */
export interface Field {
	/** Its name, in the node and on the wire. */
	name: string;
	in: 'path' | 'query' | 'header' | 'body';
	kind: FieldKind;
	/** The collection that it stands in. */
	group?: string;
	/** Whether an empty value is sent as null. */
	nullable?: boolean;
}

/** How the next page is asked for. */
export type Paging =
	| { by: 'offset'; items?: string }
	| { by: 'cursor'; items: string; next: string; after: string };

/** What comes back. */
export type Answer = 'none' | 'json' | 'file';

/** One operation of the API, as the node carries it out. */
export interface Operation {
	method: IHttpRequestMethods;
	path: string;
	fields: Field[];
	paging?: Paging;
	/** Whether a file may go with it. */
	upload?: boolean;
	answer: Answer;
	/** The field of the answer that is an image, as a `data:` URL. */
	image?: string;
	/** Whether repeating it with the same key does it once. */
	idempotent?: boolean;
}
