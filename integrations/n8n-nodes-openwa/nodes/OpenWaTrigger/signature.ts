import { createHmac, timingSafeEqual } from 'node:crypto';

const FORM = /^sha256=([0-9a-f]{64})$/i;

/** Whether the header is the HMAC-SHA256 of exactly these bytes. Takes the same time for every wrong one. */
export function isSigned(body: Buffer, header: unknown, secret: string): boolean {
	const given = typeof header === 'string' ? FORM.exec(header)?.[1] : undefined;
	if (given === undefined) {
		return false;
	}
	const expected = createHmac('sha256', secret).update(body).digest();
	return timingSafeEqual(Buffer.from(given, 'hex'), expected);
}
