import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';

import { call, segment } from './gateway';

const PAGE = 100;

type Show = (it: IDataObject) => INodeListSearchItems;

/** One page of what the gateway lists, and where the next one begins. */
async function list(
	caller: ILoadOptionsFunctions,
	path: string,
	paged: boolean,
	show: Show,
	filter = '',
	token?: string,
): Promise<INodeListSearchResult> {
	const offset = Number(token ?? 0);
	const query = paged ? { limit: PAGE, offset } : {};
	const { body } = await call(caller, { method: 'GET', path, query });
	const found = body as IDataObject[];
	const word = filter.toLowerCase();
	const matches = (it: INodeListSearchItems) =>
		`${it.name} ${it.value}`.toLowerCase().includes(word);
	const more = paged && found.length === PAGE;
	return {
		results: found.map(show).filter(matches),
		paginationToken: more ? String(offset + PAGE) : undefined,
	};
}

/** A path below the session that is chosen in the node. */
function inSession(caller: ILoadOptionsFunctions, path: string): string {
	const session = caller.getCurrentNodeParameter('sessionId', { extractValue: true });
	return `/api/sessions/${segment(String(session ?? ''))}${path}`;
}

const named = (it: IDataObject): INodeListSearchItems => ({
	name: String(it.name || it.subject || it.id),
	value: String(it.id),
});

export async function sessions(this: ILoadOptionsFunctions, filter?: string, token?: string) {
	const show = (it: IDataObject) => ({
		name: `${it.name}${it.phone ? ` (+${it.phone})` : ''}, ${it.status}`,
		value: String(it.id),
	});
	return await list(this, '/api/sessions', true, show, filter, token);
}

export async function chats(this: ILoadOptionsFunctions, filter?: string, token?: string) {
	return await list(this, inSession(this, '/chats'), true, named, filter, token);
}

export async function groups(this: ILoadOptionsFunctions, filter?: string, token?: string) {
	return await list(this, inSession(this, '/groups'), true, named, filter, token);
}

export async function webhooks(this: ILoadOptionsFunctions, filter?: string) {
	const show = (it: IDataObject) => ({ name: String(it.url), value: String(it.id) });
	return await list(this, inSession(this, '/webhooks'), false, show, filter);
}

export async function keys(this: ILoadOptionsFunctions, filter?: string) {
	return await list(this, '/api/auth/api-keys', false, named, filter);
}
