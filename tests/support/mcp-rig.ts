import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import type { SessionState } from '../../src/core/session/events/state.ts';
import { type SessionPaths, sessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents, readLog } from '../../src/core/session/log/event-log.ts';
import { endSessionsBelow, processesOf, untilState } from './live-session.ts';
import { type Connection, connect } from './mcp-client.ts';
import { DEMO_FILES } from './paper-boat.ts';
import { makeProject, type ProjectPlan } from './project.ts';
import { endProcessesOf, killSupervisors } from './supervisors.ts';

/** The demo repository in a temporary folder with a separate home, set up as a rehearsal project. */
export interface DemoProject extends AsyncDisposable {
  repo: string;
  home: string;
  sessionsDir: string;
  env: Record<string, string>;
  git(...args: string[]): string;
}

export async function makeDemoProject(
  plan: Pick<ProjectPlan, 'bare' | 'sandbox'> = {},
): Promise<DemoProject> {
  const { repo: made, sessionsDir } = await makeProject({ folder: 'paper-boat', files: DEMO_FILES, ...plan });
  const { path: repo, homeDir: home } = made;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repo, encoding: 'utf8' });
  const env = { ...made.env, LANG: 'C.UTF-8', SAMOCODE_REHEARSAL_PACE_MS: '0' };
  const dispose = async () => {
    await killSupervisors(home);
    await endSessionsBelow(sessionsDir, await systemHost());
    await endProcessesOf(home);
    await made[Symbol.asyncDispose]();
  };
  return { repo, home, sessionsDir, env, git, [Symbol.asyncDispose]: dispose };
}

/** An MCP client with its own server. */
export class Parent implements AsyncDisposable {
  readonly client: Client;
  readonly serverPid: number;
  readonly call: Connection['ask'];
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
    this.client = connection.client;
    this.serverPid = connection.pid;
    this.call = connection.ask;
  }

  static async connect({ repo: cwd, env }: DemoProject): Promise<Parent> {
    return new Parent(await connect({ cwd, env, clientName: 'e2e' }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

export async function stateOf(paths: SessionPaths): Promise<SessionState> {
  const log = await readLog(paths);
  if (log === undefined) throw new Error('The session has no events yet.');
  return log.state;
}

export async function eventsOf(paths: SessionPaths): Promise<SessionEvent[]> {
  return await readEvents(paths, 0);
}

/** Waits until the state satisfies `wanted` and the files match it. Starts no worker. */
export async function until(
  paths: SessionPaths,
  wanted: (state: SessionState) => boolean,
): Promise<SessionState> {
  return await untilState({ paths, host: await systemHost() }, wanted);
}

export function pathsOf(place: DemoProject, folder: string): SessionPaths {
  return sessionPaths(place.sessionsDir, folder);
}

/** Pids of running processes that carry the session's marker. */
export async function markedPids(paths: SessionPaths): Promise<number[]> {
  const { id } = JSON.parse(await readFile(paths.sessionFile, 'utf8'));
  return (await processesOf(await systemHost(), id)).map(({ pid }) => pid);
}
