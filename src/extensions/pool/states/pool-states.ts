import { join } from 'node:path';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { filesBelow, identityAt } from '../../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import { stateRef } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../core/project/checkpoints/checkpoint-store.ts';
import { type GitOptions, gitLine } from '../../../core/project/git/git.ts';
import { commitOf, type GitContext } from '../../../core/project/git/repository.ts';
import { pendingCommandIds } from '../../../core/session/commands/commands.ts';
import { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import type { Status } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import { readLog } from '../../../core/session/log/event-log.ts';
import type { Entry, HostInfo, Oid } from '../board/board.ts';
import { KeptState, readStateManifest, type StateManifest } from '../board/state-manifest.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { messageIn, messageOf, plainCommit } from './plain-commit.ts';
import { commitState, divideFiles, isDocument } from './state-commit.ts';

export interface PublishedState {
  commit: Oid;
  manifest: StateManifest;
}

interface StatesPlan {
  git: GitContext & { cwd: string };
  hostInfo: HostInfo;
  clock: Clock;
}

/** Makes and reads the commits that carry sessions from machine to machine. */
export class PoolStates {
  readonly #plan: StatesPlan;

  constructor(plan: StatesPlan) {
    this.#plan = plan;
  }

  /** Reads the fetched state of a session, which must be what the machine that recorded it made for that session. */
  async read({ id, state: commit, author }: Pick<Entry, 'id' | 'state' | 'author'>): Promise<PublishedState> {
    const reading = readStateManifest(await messageOf(commit, this.#plan.git));
    if (reading.kind === 'newer') throw POOL_ERRORS.state_newer({ commit });
    const malformed = (problem: string) => POOL_ERRORS.state_malformed({ commit, problem });
    if (reading.kind === 'malformed') throw malformed('Its message is not that of a state');
    const { manifest } = reading;
    if (manifest.id !== id) throw malformed('It is the state of another session');
    if (manifest.host !== undefined && manifest.host !== author)
      throw malformed(`It was made by ${manifest.host}, and ${author} recorded it`);
    return { commit, manifest };
  }

  async sessionFileIn(commit: Oid): Promise<SessionFile> {
    const text = await gitLine(['cat-file', 'blob', `${commit}:run/session.json`], this.#plan.git);
    const file = SessionFile.safeParse(parseJson(text)).data;
    if (file === undefined)
      throw POOL_ERRORS.state_malformed({ commit, problem: 'Its session.json cannot be read' });
    return file;
  }

  /** Makes the commit that publishes the newest state saved by the worker here. */
  async publish(
    { sessionFile }: Pick<SessionView, 'sessionFile'>,
    { epoch, published }: { epoch: number; published: Oid },
  ): Promise<PublishedState | undefined> {
    const { git, hostInfo } = this.#plan;
    if (sessionFile === undefined) return undefined;
    const state = await keptState(stateRef(refNameOf(sessionFile)), git);
    if (state === undefined) return undefined;
    const holder = { host: hostInfo.id, hostName: hostInfo.name, epoch };
    const manifest = this.#manifestOf(state.kept, sessionFile, {
      ...holder,
      wanted: WANTED.has(state.kept.status),
    });
    return {
      commit: await publishedCommit({ state: state.commit, before: published, manifest }, git),
      manifest,
    };
  }

  /** Whether the newest saved state includes every event recorded here, with no command pending. */
  async isNewest({ paths, sessionFile }: Pick<SessionView, 'paths' | 'sessionFile'>): Promise<boolean> {
    if (sessionFile === undefined || pendingCommandIds(paths).length > 0) return false;
    const state = await keptState(stateRef(refNameOf(sessionFile)), this.#plan.git);
    return state?.kept.n === ((await readLog(paths))?.state.n ?? 0);
  }

  /** Makes the first state of a session that no worker has begun: its session file and documents. */
  async first({ paths, sessionFile, state }: SessionView): Promise<Oid | undefined> {
    if (sessionFile === undefined) return undefined;
    const { git, clock } = this.#plan;
    const { id, folder, mainRepo } = sessionFile;
    const at = isoUtc(clock.now());
    const { phase } = state.progress;
    const kept = { id, folder, n: 0, lease: 0, status: state.status.kind, phase, iteration: 0, at };
    const sessionFolder = refNameOf(sessionFile);
    const store = await openStore({ ...git, mainRepo, storeDir: paths.checkpoints });
    // A person may have put documents into the folder beforehand.
    const documents = filesBelow(paths.sessionDir, isDocument).map(
      (name) => [`session/${name}`, join(paths.sessionDir, name)] as const,
    );
    await commitState(store, {
      sessionFolder,
      files: divideFiles([['run/session.json', paths.sessionFile], ...documents]).fit,
      kept,
    });
    const made = await keptState(stateRef(sessionFolder), git);
    if (made === undefined) return undefined;
    const manifest = this.#manifestOf(made.kept, sessionFile, { epoch: 0, wanted: false });
    return await publishedCommit({ state: made.commit, manifest }, git);
  }

  #manifestOf(
    { left, status, phase, iteration, at, ...saved }: KeptState,
    sessionFile: SessionFile,
    place: Pick<StateManifest, 'host' | 'hostName' | 'epoch' | 'wanted'>,
  ): StateManifest {
    const { name, project } = this.#plan.hostInfo;
    return {
      v: 1,
      ...saved,
      project,
      ...place,
      needs: needsOf(sessionFile),
      card: { status, phase, iteration, at },
      left: left && { ...left, on: name },
      version: __VERSION__,
    };
  }
}

/** The newest state that a worker saved here, with its metadata; undefined before the first one. */
export async function keptState(
  ref: string,
  options: GitOptions,
): Promise<{ commit: Oid; kept: KeptState } | undefined> {
  const commit = await commitOf(ref, options);
  if (commit === undefined) return undefined;
  const kept = await messageIn(commit, KeptState, options);
  return kept && { commit, kept };
}

/**
 * Makes the commit to push. Its parents keep the previous state, the branch and the checkpoints on the remote.
 * @param state the commit whose files are published: a state saved by a worker, or one published before
 * @param before the commit on the remote now
 */
export async function publishedCommit(
  { state, before, manifest }: { state: Oid; before?: Oid; manifest: StateManifest },
  options: GitOptions,
): Promise<Oid> {
  const kept = [before, manifest.head, ...Object.values(manifest.checkpoints ?? {})];
  const parents = [...new Set(kept.filter((parent) => parent !== undefined))];
  return await plainCommit({ tree: `${state}^{tree}`, parents, text: JSON.stringify(manifest) }, options);
}

/** In these states a session needs a machine; in all others it needs a person. */
const WANTED: ReadonlySet<string> = new Set<Status['kind']>(['starting', 'running', 'queued', 'limited']);

/** The requirements of a session: its agent CLIs, and a sandbox at least as strict. */
export function needsOf({ settings, sandbox }: SessionFile): string[] {
  const { provider, providers, fallback } = settings;
  const level = sandbox === 'strict' ? ['strict'] : isGuarded(sandbox) ? ['guard'] : [];
  return [...new Set([provider, ...Object.values(providers), ...fallback, ...level])];
}

/** Whether a machine should hold the session: it has work, or waits for a slot or a limit. */
export function isWanted({ state, pendingCommands, wantsWorker }: SessionView): boolean {
  const { kind } = state.status;
  return wantsWorker || pendingCommands.length > 0 || kind === 'queued' || kind === 'limited';
}

export function isQueued({ state: { status } }: SessionView): boolean {
  return status.kind === 'queued' && status.order === undefined;
}

/** Another session of this machine would wait as well. */
export function isHeldUp(view: SessionView): boolean {
  const { status } = view.state;
  return isQueued(view) || (status.kind === 'limited' && status.kept !== undefined);
}

/** Changes when the worker has saved a state. Called every second; git may pack the ref itself, or keep it in a reftable. */
export function savedAt({ paths }: Pick<SessionView, 'paths'>): string {
  return identityAt(paths.poolKept);
}
