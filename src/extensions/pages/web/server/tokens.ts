import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { refuseFromInside } from '../../../../core/caller/context/refuse-from-inside.ts';
import { isoUtc } from '../../../../core/kernel/clock.ts';
import { configFolder } from '../../../../core/kernel/config-folder.ts';
import { ifThere } from '../../../../core/kernel/errors.ts';
import { writeWhole } from '../../../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { parseJson } from '../../../../core/kernel/parse-json.ts';
import { isPersonal } from '../../../../core/session/events/bodies/who-acted.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import { bearerHash } from './requests.ts';

/** A token with which one client may use MCP over HTTP. The token is shown once; only its hash is stored. */
const ClientToken = z.object({
  name: z.string(),
  hash: z.string(),
  isReadOnly: z.boolean(),
  addedAt: z.string(),
});
export type ClientToken = z.infer<typeof ClientToken>;

const NAME = /^[a-z0-9][a-z0-9._-]{0,39}$/i;

/** The path of the token file, in the folder that the guard hides from agents. */
function tokensPath(home: string): string {
  return join(configFolder(home), 'web-tokens.json');
}

/** Reads the tokens at each request, so that a revoked one stops working at once. A malformed file counts as empty. */
export function readTokens(home: string): ClientToken[] {
  const text = ifThere(() => readFileSync(tokensPath(home), 'utf8'));
  return z.array(ClientToken).safeParse(parseJson(text ?? '')).data ?? [];
}

/** Finds the client whose token an `Authorization` header carries. */
export function tokenIn(header: string | undefined, home: string): ClientToken | undefined {
  const given = bearerHash(header);
  return readTokens(home).find(({ hash }) => hash === given);
}

/**
 * Adds a token. Only a person may do so, because its holder can act on this machine.
 * @returns the token
 */
export async function addToken(
  { name, isReadOnly }: Pick<ClientToken, 'name' | 'isReadOnly'>,
  context: ActionContext,
): Promise<string> {
  await refuseFromInside(context);
  const { by, clock, home } = context;
  if (!isPersonal(by)) throw WEB_ERRORS.token_needs_person({ name });
  const tokens = readTokens(home);
  const isTaken = tokens.some((each) => each.name === name);
  if (isTaken || !NAME.test(name)) throw WEB_ERRORS.token_name({ name, isTaken });
  const text = randomBytes(24).toString('base64url');
  const token = { name, hash: fingerprint(text), isReadOnly, addedAt: isoUtc(clock.now()) };
  await writeTokens([...tokens, token], home);
  return text;
}

/** Running servers end its MCP sessions within a second. */
export async function revokeToken(name: string, context: ActionContext): Promise<void> {
  await refuseFromInside(context);
  const tokens = readTokens(context.home);
  const others = tokens.filter((each) => each.name !== name);
  if (others.length === tokens.length) throw WEB_ERRORS.token_not_found({ name });
  await writeTokens(others, context.home);
}

async function writeTokens(tokens: readonly ClientToken[], home: string): Promise<void> {
  await mkdir(dirname(tokensPath(home)), { recursive: true, mode: 0o700 });
  await writeWhole(tokensPath(home), `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
}
