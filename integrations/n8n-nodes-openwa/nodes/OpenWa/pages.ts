import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { GatewayRequest } from './gateway';
import { call } from './gateway';
import type { Paging } from './operation';

const PAGE = 100;

/** Asks for page after page until there are `most` items or no more. */
export async function everyItem(
	caller: IExecuteFunctions,
	request: GatewayRequest,
	paging: Paging,
	most: number,
): Promise<IDataObject[]> {
	const query: IDataObject = { ...request.query };
	const found: IDataObject[] = [];
	while (found.length < most) {
		const limit = Math.min(PAGE, most - found.length);
		const answer = await call(caller, { ...request, query: { ...query, limit } });
		const body = answer.body as IDataObject;
		const items = (paging.items === undefined ? body : body[paging.items]) as unknown;
		const page = Array.isArray(items) ? (items as IDataObject[]) : [];
		found.push(...page);
		if (paging.by === 'offset') {
			if (page.length < limit) break;
			query.offset = Number(query.offset ?? 0) + page.length;
		} else {
			// A page may be empty although more follow: what this key may not see is left out of it.
			const next = body[paging.next];
			if (next === undefined || next === null || String(next) === String(query[paging.after] ?? 0)) {
				break;
			}
			query[paging.after] = next;
		}
	}
	return found.slice(0, most);
}
