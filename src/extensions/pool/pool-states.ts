import { join } from 'node:path';
import { type Clock, isoUtc } from '../../core/kernel/clock.ts';
import { identityAt, namesAt } from '../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../core/kernel/parse-json.ts';
import { isGuarded } from '../../core/kernel/sandbox-level.ts';
import { stateRef } from '../../core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../core/project/checkpoints/checkpoint-store.ts';
import { type GitOptions, gitLine, runGit } from '../../core/project/git/git.ts';
import { commitOf, type GitContext } from '../../core/project/git/repository.ts';
import { pendingCommandIds } from '../../core/session/commands/commands.ts';
import { SessionFile } from '../../core/session/events/bodies/session-file.ts';
import type { Status } from '../../core/session/events/state.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { refNameOf } from '../../core/session/layout/names.ts';
import { readLog } from '../../core/session/log/event-log.ts';
import type { Claim, HostCard, Oid } from './boards/board.ts';
import type { ActSigning } from './boards/postgres-board.ts';
import type { RemoteBoardPlan } from './boards/remote-board.ts';
import type { SignedText } from './boards/sealed-act.ts';
import { type KeyFiles, keyFilesIn } from './host-keys.ts';
import { type MemberList, type MemberLists, memberWithKey } from './member-list.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import { keptState, openSigned, publishedCommit, signedCommit, verifyState } from './published-state.ts';
import { commitState, divideFiles } from './saved/state-commit.ts';
import type { StateNote } from './state-note.ts';

export interface VerifiedState {
  commit: Oid;
  note: StateNote;
}

interface StatesPlan {
  folder: string;
  lists: Pick<MemberLists, 'kept'>;
  git: GitContext & { cwd: string };
  card: HostCard;
  clock: Clock;
}

/** Makes and reads the commits that members of a pool publish, each signed with its machine's key. */
export class PoolStates {
  readonly #plan: StatesPlan;
  readonly #keys: KeyFiles;

  constructor(plan: StatesPlan) {
    this.#plan = plan;
    this.#keys = keyFilesIn(plan.folder);
  }

  /** The functions with which a board signs and verifies. */
  get signing(): Pick<RemoteBoardPlan, 'seal' | 'open' | 'commit' | 'listNumber'> & ActSigning {
    const { git } = this.#plan;
    const seal = async (text: string) => await signedCommit({ text }, this.#keys, git);
    return {
      seal,
      envelope: async (text) => (await runGit(['cat-file', 'commit', await seal(text)], git)).stdout,
      openEnvelope: async (envelope) => await openEnvelope(envelope, await this.#list(), git),
      commit: async (tree, parents, text) => await signedCommit({ tree, parents, text }, this.#keys, git),
      open: async (oid) => await openAct(oid, await this.#list(), git),
      listNumber: async () => (await this.#plan.lists.kept())?.number,
    };
  }

  async verify(ref: string): Promise<VerifiedState> {
    const { git } = this.#plan;
    const commit = (await commitOf(ref, git)) ?? '';
    const list = await this.#list();
    return { commit, note: (await verifyState(commit, { list, ref }, git)).note };
  }

  async #list(): Promise<MemberList> {
    const list = await this.#plan.lists.kept();
    if (list === undefined) throw POOL_ERRORS.members_not_accepted();
    return list;
  }

  async sessionFileIn(commit: Oid): Promise<SessionFile> {
    const text = await gitLine(['cat-file', 'blob', `${commit}:run/session.json`], this.#plan.git);
    const file = SessionFile.safeParse(parseJson(text)).data;
    if (file === undefined)
      throw POOL_ERRORS.state_malformed({ commit, problem: 'Its session.json cannot be read' });
    return file;
  }

  /** Makes the signed commit that publishes the newest state saved by the worker here. */
  async publish(
    { sessionFile }: Pick<SessionView, 'sessionFile'>,
    { epoch, published }: { epoch: number; published: Oid },
  ): Promise<VerifiedState | undefined> {
    const { git, card } = this.#plan;
    if (sessionFile === undefined) return undefined;
    const state = await keptState(stateRef(refNameOf(sessionFile)), git);
    if (state === undefined) return undefined;
    const { id, folder, branch, head, n, lease, left, checkpoints, status, phase, iteration, at } =
      state.kept;
    const note: StateNote = {
      v: 1,
      id,
      project: card.project,
      folder,
      branch,
      head,
      n,
      lease,
      host: card.id,
      hostName: card.name,
      epoch,
      wanted: WANTED.has(status),
      needs: needsOf(sessionFile),
      card: { status, phase, iteration, at },
      checkpoints,
      left: left && { ...left, on: card.name },
      version: __VERSION__,
    };
    return {
      commit: await publishedCommit({ state: state.commit, before: published, note }, this.#keys, git),
      note,
    };
  }

  /** Whether the newest saved state includes every event recorded here, with no command pending. */
  async isNewest({ paths, sessionFile }: Pick<SessionView, 'paths' | 'sessionFile'>): Promise<boolean> {
    if (sessionFile === undefined || pendingCommandIds(paths).length > 0) return false;
    const state = await keptState(stateRef(refNameOf(sessionFile)), this.#plan.git);
    return state?.kept.n === ((await readLog(paths))?.state.n ?? 0);
  }

  /** Makes a commit of the same state with this machine as its holder, to which the session's ref is moved. */
  async claimed({ commit, note }: VerifiedState, { epoch }: Pick<Claim, 'epoch'>): Promise<Oid> {
    const { git, card } = this.#plan;
    const mine = { ...note, host: card.id, hostName: card.name, epoch, wanted: true };
    return await publishedCommit({ state: commit, before: commit, note: mine }, this.#keys, git);
  }

  /** Makes the first state of a session that no worker has begun: its session file and documents. */
  async first({ paths, sessionFile, state }: SessionView): Promise<Oid | undefined> {
    if (sessionFile === undefined) return undefined;
    const { git, card, clock } = this.#plan;
    const { id, folder, mainRepo } = sessionFile;
    const at = isoUtc(clock.now());
    const status = { status: state.status.kind, phase: state.progress.phase, iteration: 0, at };
    const kept = { id, folder, n: 0, lease: 0, ...status };
    const sessionFolder = refNameOf(sessionFile);
    const store = await openStore({ ...git, mainRepo, storeDir: paths.checkpoints });
    // A person may have put documents into the folder beforehand.
    const documents = (namesAt(paths.sessionDir) ?? []).map(
      (name) => [`session/${name}`, join(paths.sessionDir, name)] as const,
    );
    await commitState(store, {
      sessionFolder,
      files: divideFiles([['run/session.json', paths.sessionFile], ...documents]).fit,
      kept,
    });
    const made = await keptState(stateRef(sessionFolder), git);
    const note: StateNote = {
      v: 1,
      id,
      project: card.project,
      folder,
      n: 0,
      lease: 0,
      epoch: 0,
      wanted: false,
      needs: needsOf(sessionFile),
      card: status,
      version: __VERSION__,
    };
    return made && (await publishedCommit({ state: made.commit, note }, this.#keys, git));
  }
}

/** The message of a commit and the member who signed it; undefined if no member has. */
export async function openAct(oid: Oid, list: MemberList, git: GitOptions): Promise<SignedText | undefined> {
  const opened = await openSigned(oid, git).catch(() => undefined);
  const member = opened && memberWithKey(list, opened.key);
  return (
    opened && member && { text: opened.text, person: member.person ?? member.name, machine: member.name }
  );
}

/** A commit without files and parents, as git writes it. */
const ENVELOPE = /^tree [\da-f]+\nauthor /;

/** Opens a commit that came as text instead of through the remote. */
async function openEnvelope(
  envelope: string,
  list: MemberList,
  git: GitOptions,
): Promise<SignedText | undefined> {
  if (!ENVELOPE.test(envelope)) return undefined;
  const hash = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  const oid = await gitLine(hash, { ...git, input: envelope }).catch(() => undefined);
  return oid === undefined ? undefined : await openAct(oid, list, git);
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
