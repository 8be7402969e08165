import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname, join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import {
  answerOfPage,
  askPage,
  PAGE_LIMIT_MS,
  pageSocket,
  type ServedPage,
} from '../../../../core/caller/facts/live-page.ts';
import { configFolder } from '../../../../core/kernel/config-folder.ts';
import { orNothing, systemErrorCode } from '../../../../core/kernel/errors.ts';
import { writeUnsynced } from '../../../../core/kernel/files/atomic-file.ts';
import { randomKey } from '../../../../core/kernel/files/kept-key.ts';
import { makeFolder } from '../../../../core/kernel/files/make-folder.ts';
import { whileHolding } from '../../../../core/kernel/processes/lease.ts';
import { isPersonal } from '../../../../core/session/events/bodies/who-acted.ts';
import { html } from '../../html/html.ts';
import { openPage } from '../../report/write-report.act.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import { type WebApp, webApp } from './app.ts';
import { ConfirmedTabs, type ShowDigits } from './confirmed-tabs.ts';
import { answerOthers, listenerOn } from './instance-socket.ts';
import { type CodeKind, keptTabKey, OneTimeCodes } from './tab-key.ts';

export interface WebRequest {
  /** The first of ten ports to try. */
  port: number;
  listen: string;
  hosts: readonly string[];
  proxy: URL | undefined;
  /** Where a person sees the digits that confirm a tab. */
  showDigits: ShowDigits;
  interrupted: AbortSignal;
  failed(error: unknown): void;
}

export interface RunningWeb {
  served: ServedPage;
  /** A fresh code for the page's key; empty if the other process that serves the page has ended. */
  newCode(kind: CodeKind): Promise<string>;
  /** The reason why a second `samocode web` will not find this one. */
  alone?: string;
  /** Settles when the server has ended; absent if another process serves the page. */
  ended?: Promise<void>;
}

export const WEB_DEFAULTS = {
  port: 4577,
  listen: '127.0.0.1',
  hosts: [],
  proxy: undefined,
  showDigits: async () => false,
} as const;

const PORTS = 10;
const IDLE_MS = 12 * 60 * 60_000;
const IDLE_CHECK_MS = 60_000;

/** Serves the page, or finds the server that already does. Of two starts in the same moment, one finds the other. */
export async function runWeb(request: WebRequest, context: ActionContext): Promise<RunningWeb> {
  const { home, host, clock } = context;
  const folder = join(dirname(pageSocket(home)), 'starts');
  const turn = orNothing(() => {
    makeFolder(folder, 0o700);
    accessSync(folder, constants.W_OK);
    return { host, clock, limitMs: START_LIMIT_MS };
  });
  const start = () => serveOrFind(request, context);
  // Where the home cannot be written, no other one can be found either.
  return turn === undefined ? await start() : await whileHolding(folder, turn, start);
}

/** Longer than a page that does not respond is waited for. */
const START_LIMIT_MS = 4 * PAGE_LIMIT_MS;

async function serveOrFind(request: WebRequest, context: ActionContext): Promise<RunningWeb> {
  const { home, clock } = context;
  const onlyShows = !isPersonal(context.by);
  const first = await firstPage(home);
  // A page started by a person replaces a read-only one.
  if (first !== undefined && (!first.onlyShows || onlyShows)) {
    return { served: first, newCode: async (kind) => (await askPage(home, kind))?.code ?? '' };
  }
  if (first !== undefined) await askPage(home, 'leave');
  const { hosts, proxy, failed, showDigits } = request;
  const done = new AbortController();
  const end = AbortSignal.any([request.interrupted, done.signal]);
  // A server that an agent CLI has started is never given the person's key.
  const token = onlyShows ? randomKey() : await keptTabKey(home);
  const codes = new OneTimeCodes(clock);
  const confirmed = new ConfirmedTabs(showDigits, clock);
  const app = webApp({ token, codes, confirmed, onlyShows, hosts, proxy, failed, ended: end }, context);
  const { server, address } = await listenOn(app, request);
  const served = { address, onlyShows, pid: process.pid };
  const newCode = (kind: CodeKind) => codes.issue(kind);
  const leave = () => done.abort();
  const socket = await answerOthers(home, { served, newCode, leave }).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    return systemErrorCode(error);
  });
  const ended = untilIdle(app, end, context).then(() => {
    if (typeof socket !== 'string') socket?.close();
    done.abort();
    server.close();
    server.closeAllConnections();
  });
  const alone = typeof socket === 'string' && { alone: socket };
  return { served, newCode: async (kind) => newCode(kind), ended, ...alone };
}

/** @throws WEB_ERRORS.page_silent if it does not respond: a second one would hide it from chats and notices */
async function firstPage(home: string): Promise<ServedPage | undefined> {
  const first = await answerOfPage(home, 'where', PAGE_LIMIT_MS);
  if (first !== 'silent') return first;
  const path = pageSocket(home);
  throw WEB_ERRORS.page_silent({ path, pid: listenerOn(path), seconds: PAGE_LIMIT_MS / 1000 });
}

async function listenOn(app: WebApp, request: WebRequest) {
  const { listen, proxy } = request;
  const { server, port } = await listenOnPort(app, request);
  const name = listen.includes(':') ? `[${listen}]` : listen;
  return { server, address: proxy === undefined ? `http://${name}:${port}/` : proxy.href };
}

async function listenOnPort(app: WebApp, { port: from, listen }: WebRequest) {
  for (let port = from; port < from + PORTS; port += 1) {
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    const code = await new Promise<string | undefined>((resolve) => {
      server.once('error', (error) => resolve(systemErrorCode(error) ?? 'unknown'));
      server.listen(port, listen, () => resolve(undefined));
    });
    if (code === undefined) return { server, port };
    if (code !== 'EADDRINUSE') throw WEB_ERRORS.not_listening({ address: listen, code });
  }
  throw WEB_ERRORS.no_port({ from, to: from + PORTS - 1 });
}

async function untilIdle(app: WebApp, end: AbortSignal, { clock }: ActionContext): Promise<void> {
  while (!end.aborted && clock.monotonic() - app.usedAt() < IDLE_MS)
    await clock.sleep(IDLE_CHECK_MS, end).catch(() => undefined);
}

/**
 * The address with a fresh code, which only a person may see: it opens the page once, within 30 seconds.
 * @param at a location on the page, such as `/s/<key>`
 */
export async function addressWithCode(
  { served, newCode }: Pick<RunningWeb, 'served' | 'newCode'>,
  at?: string,
): Promise<string> {
  return `${served.address}#c=${await newCode('address')}${at === undefined ? '' : `&v=${at}`}`;
}

/** A model must not see a code for a key that can act. Without one in its address, the new tab asks open tabs. */
export async function addressFor(
  web: Pick<RunningWeb, 'served' | 'newCode'>,
  context: ActionContext,
  at?: string,
): Promise<string> {
  const isForPerson = isPersonal(context.by) || web.served.onlyShows;
  return isForPerson ? await addressWithCode(web, at) : web.served.address;
}

/** The time that the browser has to read the file that redirects to the page. */
const OPENED_MS = 10_000;

/**
 * Opens the page in the browser through a temporary file, since other programs can see a code on a command line.
 * The file is removed once the browser has had time to read it, or on `interrupted`.
 * @returns why it was not opened
 */
export async function openWeb(
  web: Pick<RunningWeb, 'served' | 'newCode'>,
  context: ActionContext,
  { at, interrupted }: { at?: string; interrupted: AbortSignal },
): Promise<string | undefined> {
  const address = await addressFor(web, context, at);
  const path = join(configFolder(context.home), `open-${randomBytes(6).toString('hex')}.html`);
  const page = html`<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${address}"><title>samocode</title>`;
  try {
    writeUnsynced(path, page.text, { mode: 0o600 });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return `No browser was opened: the config folder cannot be written (${systemErrorCode(error)}). Open the address above.`;
  }
  const isOpened = await openPage(path, context);
  const isRead = isOpened ? context.clock.sleep(OPENED_MS, interrupted) : Promise.resolve();
  void isRead.catch(() => undefined).then(() => rm(path, { force: true }));
  return isOpened ? undefined : 'No browser could be opened here.';
}
