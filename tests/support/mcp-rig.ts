import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { systemClock } from '../../src/base/clock.ts';
import { endTree } from '../../src/base/end-tree.ts';
import { systemHost } from '../../src/base/host.ts';
import { readHolding } from '../../src/base/lease.ts';
import { isRunning } from '../../src/base/process-table.ts';
import { DEMO_FILES } from '../../src/demo/demo-project.ts';
import { SESSION_MARK } from '../../src/providers/environment.ts';
import { readEvents, readLog } from '../../src/session/event-log.ts';
import type { SessionEvent } from '../../src/session/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/paths.ts';
import type { SessionState } from '../../src/session/state.ts';
import { makeRepo } from './temp-repo.ts';

/** The demo's small repository in a temporary folder, with a home of its own. */
export interface Place extends AsyncDisposable {
  repo: string;
  home: string;
  sessionsDir: string;
  env: Record<string, string>;
  git(...args: string[]): string;
}

const DIST = resolve('dist');
const BOUND_MS = 90_000;

export async function makePlace(extra: Record<string, string> = {}): Promise<Place> {
  const files = Object.fromEntries(DEMO_FILES.map(({ path, text }) => [path, text]));
  const made = await makeRepo({ folder: 'paper-boat', files });
  const { path: repo, homeDir: home } = made;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, encoding: 'utf8' });
  const env = { ...made.env, LANG: 'C.UTF-8', SAMOCODE_REHEARSAL_PACE_MS: '0', ...extra };
  const sessionsDir = join(repo, '_samocode', 'sessions');
  const dispose = async () => {
    await endEverything(sessionsDir);
    await made[Symbol.asyncDispose]();
  };
  return { repo, home, sessionsDir, env, git, [Symbol.asyncDispose]: dispose };
}

/** One MCP client with a server of its own. */
export class Parent implements AsyncDisposable {
  readonly client: Client;
  readonly serverPid: number;

  private constructor(client: Client, serverPid: number) {
    this.client = client;
    this.serverPid = serverPid;
  }

  static async connect(place: Place): Promise<Parent> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [join(DIST, 'samocode-mcp.js')],
      cwd: place.repo,
      env: place.env,
      stderr: 'ignore',
    });
    const client = new Client({ name: 'e2e', version: '1' });
    await client.connect(transport);
    return new Parent(client, transport.pid ?? 0);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every tool
  async call(name: string, args: Record<string, unknown> = {}): Promise<any> {
    const result = await this.client.callTool({ name, arguments: args }, undefined, { timeout: BOUND_MS });
    const content = result.content as { type: string; text: string }[];
    const text = JSON.parse(content[0]?.text ?? 'null');
    if (!result.isError) return result.structuredContent;
    throw new ToolError(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

class ToolError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(body: { code: string; message: string; hint: string }) {
    super(body.message);
    this.code = body.code;
    this.hint = body.hint;
  }
}

export async function stateOf(paths: SessionPaths): Promise<SessionState> {
  const log = await readLog(paths);
  if (log === undefined) throw new Error('The session has no events yet.');
  return log.state;
}

export async function eventsOf(paths: SessionPaths): Promise<SessionEvent[]> {
  return await readEvents(paths.events, 0);
}

/** Waits until the state is as `wanted` says; the bound is generous, and its end shows the last state. */
export async function until(
  paths: SessionPaths,
  wanted: (state: SessionState) => boolean,
): Promise<SessionState> {
  let last: SessionState | undefined;
  for (const end = Date.now() + BOUND_MS; Date.now() < end; ) {
    last = (await readLog(paths))?.state;
    if (last !== undefined && wanted(last)) return last;
    await systemClock.sleep(50);
  }
  throw new Error(
    `Not reached; the last state was ${JSON.stringify(last?.status)} in ${last?.progress.phase}.`,
  );
}

export function pathsOf(place: Place, folder: string): SessionPaths {
  return sessionPaths(place.sessionsDir, folder);
}

/** The pid of the session's living worker. */
export async function workerPid(paths: SessionPaths): Promise<number | undefined> {
  const holding = await readHolding(paths.leases, await systemHost());
  return holding.kind === 'held' && holding.liveness === 'alive' ? holding.lease.owner.pid : undefined;
}

/** Pids of running processes that carry the session's mark. */
export async function markedPids(paths: SessionPaths): Promise<number[]> {
  const { processes } = await systemHost();
  const { id } = JSON.parse(await readFile(paths.sessionFile, 'utf8'));
  const pids: number[] = [];
  for (const entry of (await processes.list()).filter(isRunning)) {
    if ((await processes.environmentOf(entry.pid, SESSION_MARK)) === id) pids.push(entry.pid);
  }
  return pids;
}

async function endEverything(sessionsDir: string): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  const folders = await readdir(join(sessionsDir, '.run')).catch(() => []);
  const host = await systemHost();
  for (const folder of folders.filter((name) => !name.startsWith('.'))) {
    const paths = sessionPaths(sessionsDir, folder);
    const pid = await workerPid(paths);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const file = await readFile(paths.sessionFile, 'utf8').catch(() => undefined);
    if (file === undefined) continue;
    const mark = { name: SESSION_MARK, value: JSON.parse(file).id };
    await endTree(undefined, mark, { host, clock: systemClock, graceMs: 0 });
  }
}
