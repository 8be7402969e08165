import { connect } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { configFolder } from '../../base/config-folder.ts';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { SessionView } from '../../session/events/session-view.ts';

/** What a running `samocode web` says of itself. The token is for a person's eyes: no result and no link has it. */
const ServedPage = z.object({
  ...{ address: z.string(), token: z.string(), onlyShows: z.boolean(), pid: z.int() },
  /** The address for MCP clients, with --mcp. */
  mcp: z.string().optional(),
});
export type ServedPage = z.infer<typeof ServedPage>;

/** In the folder that the guard hides from agents. */
export function pageSocket(home: string): string {
  return join(configFolder(home), 'web.sock');
}

/** Asks the page that runs for this user. @param leave it should end. @returns undefined if none runs */
export async function askPage(home: string, { leave = false } = {}): Promise<ServedPage | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(pageSocket(home));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(ServedPage.safeParse(parseJson(text)).data));
    socket.end(leave ? 'leave\n' : 'where\n');
  });
}

/** Identifies a session in addresses of the page. */
export function pageKey({ runDir }: Pick<SessionView['paths'], 'runDir'>): string {
  return fingerprint(runDir).slice(0, 12);
}

/** The address of a session on the page, without its key; undefined if no page runs. */
export async function sessionPageAddress(
  { paths }: Pick<SessionView, 'paths'>,
  home: string,
): Promise<string | undefined> {
  const served = await askPage(home);
  return served && `${served.address}#/s/${pageKey(paths)}`;
}

/** Where the user can decide, as a sentence for a model to pass on; empty if no page runs. */
export async function onPage(view: Pick<SessionView, 'paths'>, { home }: { home: string }): Promise<string> {
  const address = await sessionPageAddress(view, home);
  return address === undefined ? '' : ` The user can also decide on ${address}`;
}
