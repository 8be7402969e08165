import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { ActionContext } from '../acts/common/context.ts';
import { askPage, type ServedPage } from '../acts/common/live-page.ts';
import { html } from '../acts/report/page/html.ts';
import { openPage } from '../acts/report/write-report.act.ts';
import { configFolder } from '../base/config-folder.ts';
import { systemErrorCode } from '../base/errors.ts';
import { writeLightly } from '../base/files/atomic-file.ts';
import type { HttpSessions, RemoteClient } from '../server/http-sessions.ts';
import { isPersonal } from '../session/events/bodies/who-acted.ts';
import { type WebApp, webApp } from './app.ts';
import { answerOthers } from './first.ts';
import { readTokens } from './tokens.ts';
import { WEB_ERRORS } from './web-errors.ts';

export interface WebRequest {
  /** The first of ten ports to try. */
  port: number;
  listen: string;
  hosts: readonly string[];
  proxy: URL | undefined;
  /** Whether to serve MCP over HTTP too. */
  mcp: boolean;
  interrupted: AbortSignal;
  failed(error: unknown): void;
}

export interface RunningWeb {
  served: ServedPage;
  /** Why a second `samocode web` will not find this one. */
  alone?: string;
  /** Settles when the server has ended; absent if another process serves the page. */
  ended?: Promise<void>;
}

/** The defaults of `samocode web`. */
export const WEB_DEFAULTS = {
  port: 4577,
  listen: '127.0.0.1',
  hosts: [],
  proxy: undefined,
  mcp: false,
} as const;

const PORTS = 10;
const IDLE_MS = 12 * 60 * 60_000;
const IDLE_CHECK_MS = 60_000;

/**
 * Serves the page, or finds the server that already does.
 * @throws no_port, not_listening, no_mcp
 */
export async function runWeb(request: WebRequest, context: ActionContext): Promise<RunningWeb> {
  const onlyShows = !isPersonal(context.by.channel);
  const first = await askPage(context.home);
  // A page started by a person replaces a read-only one.
  if (first !== undefined && (!first.onlyShows || onlyShows)) {
    if (request.mcp && first.mcp === undefined) throw WEB_ERRORS.no_mcp(first);
    return { served: first };
  }
  if (first !== undefined) await askPage(context.home, { leave: true });
  const token = randomBytes(24).toString('base64url');
  const { hosts, proxy, failed } = request;
  const done = new AbortController();
  const end = AbortSignal.any([request.interrupted, done.signal]);
  const mcp = request.mcp || first?.mcp ? await mcpSessions(context, end) : undefined;
  const app = webApp({ token, onlyShows, hosts, proxy, failed, mcp, ended: end }, context);
  const { server, port } = await listenOn(app, request);
  const name = request.listen.includes(':') ? `[${request.listen}]` : request.listen;
  const address = proxy === undefined ? `http://${name}:${port}/` : proxy.href;
  const served = {
    address,
    token,
    onlyShows,
    pid: process.pid,
    ...(mcp && { mcp: new URL('/mcp', address).href }),
  };
  const socket = await answerOthers(
    context.home,
    () => served,
    () => done.abort(),
  ).catch((error: unknown) => {
    if (systemErrorCode(error) === undefined) throw error;
    return systemErrorCode(error);
  });
  const ended = untilIdle(app, end, context).then(() => {
    if (typeof socket !== 'string') socket?.close();
    done.abort();
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return { served, ended, ...(typeof socket === 'string' && { alone: socket }) };
}

/** Loads the MCP server on demand, because the page does not need it. */
async function mcpSessions(context: ActionContext, end: AbortSignal): Promise<HttpSessions> {
  const { httpSessions } = await import('../server/http-sessions.ts');
  const isValid = ({ hash }: RemoteClient) => readTokens(context.home).some((each) => each.hash === hash);
  return httpSessions(isValid, context, end);
}

async function listenOn(app: WebApp, { port: from, listen }: WebRequest) {
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

/** The address with the token, which only a person may see. @param at a location on the page, such as `/s/<key>` */
export function keyedAddress({ address, token }: ServedPage, at?: string): string {
  return `${address}#t=${token}${at === undefined ? '' : `&v=${at}`}`;
}

/** How long the browser has to read the file that redirects to the page. */
const OPENED_MS = 10_000;

/**
 * Opens the page in the browser through a temporary file, since other programs can see a token on a command line.
 * The file is removed once the browser has had time to read it, or on `interrupted`.
 * @returns why it was not opened
 */
export async function openWeb(
  served: ServedPage,
  context: ActionContext,
  { at, interrupted }: { at?: string; interrupted: AbortSignal },
): Promise<string | undefined> {
  // A model must not see a token that can act. Without a token in its address, the new tab asks open tabs.
  const isForPerson = isPersonal(context.by.channel) || served.onlyShows;
  const address = isForPerson ? keyedAddress(served, at) : served.address;
  const path = join(configFolder(context.home), `open-${randomBytes(6).toString('hex')}.html`);
  const page = html`<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${address}"><title>samocode</title>`;
  try {
    writeLightly(path, page.text, 0o600);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return `No browser was opened: the config folder cannot be written (${systemErrorCode(error)}). Open the address above.`;
  }
  const isOpened = await openPage(path, context);
  const isRead = isOpened ? context.clock.sleep(OPENED_MS, interrupted) : Promise.resolve();
  void isRead.catch(() => undefined).then(() => rm(path, { force: true }));
  return isOpened ? undefined : 'No browser could be opened here.';
}
