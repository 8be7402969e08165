import { connect } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

/**
 * The description that a running `samocode web` gives of itself. Only a person may see a code: no result or link
 * contains one.
 */
const ServedPage = z.object({
  address: z.string(),
  onlyShows: z.boolean(),
  pid: z.int(),
  /** A fresh one-time code for the page's key, if the caller requested one. */
  code: z.string().optional(),
});
export type ServedPage = z.infer<typeof ServedPage>;

/** The socket is in a folder that the guard hides from agents. */
export function pageSocket(home: string): string {
  return join(configFolder(home), 'web.sock');
}

type Question = 'where' | 'leave' | 'address' | 'digits';

/** The kernel accepts connections for a page that is stopped by Ctrl-Z, so a chat or a notice does not wait for it. */
const LINK_LIMIT_MS = 300;
/** For a person who runs `samocode web` or `watch`. */
export const PAGE_LIMIT_MS = 5000;

/**
 * Queries this user's running page.
 * @param what `leave` also ends it; `address` and `digits` ask for a one-time code
 * @returns undefined if none is running, or none responds in time
 */
export async function askPage(home: string, what: Question = 'where'): Promise<ServedPage | undefined> {
  const limitMs = what === 'where' ? LINK_LIMIT_MS : PAGE_LIMIT_MS;
  const answer = await answerOfPage(home, what, limitMs);
  return answer === 'silent' ? undefined : answer;
}

/** @returns `silent` if a process holds the page's socket and does not respond in time */
export async function answerOfPage(
  home: string,
  what: Question,
  limitMs: number,
): Promise<ServedPage | 'silent' | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(pageSocket(home));
    let text = '';
    const over = new AbortController();
    const silent = () => {
      resolve('silent');
      socket.destroy();
    };
    systemClock.sleep(limitMs, over.signal).then(silent, () => undefined);
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    // EAGAIN: so many wait for the page that the kernel accepts no more.
    socket.on('error', (error) => resolve(systemErrorCode(error) === 'EAGAIN' ? 'silent' : undefined));
    socket.on('close', () => {
      over.abort();
      resolve(ServedPage.safeParse(parseJson(text)).data);
    });
    socket.end(`${what}\n`);
  });
}

/** Identifies a session in the page's addresses. */
export function pageKey({ runDir }: Pick<SessionView['paths'], 'runDir'>): string {
  return fingerprint(runDir).slice(0, 12);
}

/** The address of a session on the page, without a code; undefined if no page is running. */
export async function sessionPageAddress(
  { paths }: Pick<SessionView, 'paths'>,
  home: string,
): Promise<string | undefined> {
  const served = await askPage(home);
  return served && `${served.address}#/s/${pageKey(paths)}`;
}

/** A sentence for a model to pass on, with the address at which the user can decide; empty if no page is running. */
export async function onPage(view: Pick<SessionView, 'paths'>, { home }: { home: string }): Promise<string> {
  const address = await sessionPageAddress(view, home);
  return address === undefined ? '' : ` The user can also decide at ${address}`;
}
