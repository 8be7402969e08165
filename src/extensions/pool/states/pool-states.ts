import { join } from 'node:path';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { identityAt, namesAt } from '../../../core/kernel/files/path-stats.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { isGuarded } from '../../../core/kernel/sandbox-level.ts';
import { stateRef } from '../../../core/project/checkpoints/checkpoint-refs.ts';
import { openStore } from '../../../core/project/checkpoints/checkpoint-store.ts';
import { type GitOptions, gitLine, runGit } from '../../../core/project/git/git.ts';
import { commitOf, type GitContext } from '../../../core/project/git/repository.ts';
import { pendingCommandIds } from '../../../core/session/commands/commands.ts';
import { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import type { Status } from '../../../core/session/events/state.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import { readLog } from '../../../core/session/log/event-log.ts';
import type { Claim, HostInfo, Oid } from '../board/board.ts';
import { POOL_REFS } from '../board/git-remote.ts';
import type { ActSigning } from '../board/postgres-board.ts';
import type { RemoteBoardPlan } from '../board/remote-board.ts';
import type { SignedText } from '../board/signed-command.ts';
import { KeptState, readStateManifest, type StateManifest } from '../board/state-manifest.ts';
import { fingerprintOf, keyPathIn } from '../members/host-keys.ts';
import { type MemberList, type MemberLists, memberWithKey } from '../members/member-list.ts';
import { messageIn, signedCommit, verifySigned } from '../members/signed-commit.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { commitState, divideFiles } from './state-commit.ts';

export interface VerifiedState {
  commit: Oid;
  manifest: StateManifest;
}

interface StatesPlan {
  folder: string;
  lists: Pick<MemberLists, 'kept'>;
  git: GitContext & { cwd: string };
  hostInfo: HostInfo;
  clock: Clock;
}

/** Makes and reads the commits that members of a pool publish, each signed with its machine's key. */
export class PoolStates {
  readonly #plan: StatesPlan;
  readonly #keyPath: string;

  constructor(plan: StatesPlan) {
    this.#plan = plan;
    this.#keyPath = keyPathIn(plan.folder);
  }

  /** The functions with which a board signs and verifies. */
  get signing(): Pick<RemoteBoardPlan, 'sign' | 'verify' | 'commit' | 'listNumber'> & ActSigning {
    const { git } = this.#plan;
    const sign = async (text: string) => await signedCommit({ text }, this.#keyPath, git);
    return {
      sign,
      envelope: async (text) => (await runGit(['cat-file', 'commit', await sign(text)], git)).stdout,
      verifyEnvelope: async (envelope) => await verifyEnvelope(envelope, await this.#list(), git),
      commit: async (tree, parents, text) => await signedCommit({ tree, parents, text }, this.#keyPath, git),
      verify: async (oid) => await verifyByMember(oid, await this.#list(), git),
      listNumber: async () => (await this.#plan.lists.kept())?.number,
    };
  }

  async verify(ref: string): Promise<VerifiedState> {
    const { git } = this.#plan;
    const commit = (await commitOf(ref, git)) ?? '';
    const list = await this.#list();
    return { commit, manifest: (await verifyState(commit, { list, ref }, git)).manifest };
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
      commit: await publishedCommit({ state: state.commit, before: published, manifest }, this.#keyPath, git),
      manifest,
    };
  }

  /** Whether the newest saved state includes every event recorded here, with no command pending. */
  async isNewest({ paths, sessionFile }: Pick<SessionView, 'paths' | 'sessionFile'>): Promise<boolean> {
    if (sessionFile === undefined || pendingCommandIds(paths).length > 0) return false;
    const state = await keptState(stateRef(refNameOf(sessionFile)), this.#plan.git);
    return state?.kept.n === ((await readLog(paths))?.state.n ?? 0);
  }

  /** Makes a commit of the same state with this machine as its holder, to which the session's ref is moved. */
  async claimed({ commit, manifest }: VerifiedState, { epoch }: Pick<Claim, 'epoch'>): Promise<Oid> {
    const { git, hostInfo } = this.#plan;
    const mine = { ...manifest, host: hostInfo.id, hostName: hostInfo.name, epoch, wanted: true };
    return await publishedCommit({ state: commit, before: commit, manifest: mine }, this.#keyPath, git);
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
    const documents = (namesAt(paths.sessionDir) ?? []).map(
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
    return await publishedCommit({ state: made.commit, manifest }, this.#keyPath, git);
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
 * Makes the signed commit to push. Its parents keep the previous state, the branch and the checkpoints on the remote.
 * @param state the commit whose files are published: a state saved by a worker, or one published before
 * @param before the commit on the remote now
 */
export async function publishedCommit(
  { state, before, manifest }: { state: Oid; before?: Oid; manifest: StateManifest },
  keyPath: string,
  options: GitOptions,
): Promise<Oid> {
  const kept = [before, manifest.head, ...Object.values(manifest.checkpoints ?? {})];
  const parents = [...new Set(kept.filter((parent) => parent !== undefined))];
  return await signedCommit(
    { tree: `${state}^{tree}`, parents, text: JSON.stringify(manifest) },
    keyPath,
    options,
  );
}

/** The part of a list of members that decides whose states count. */
type Signers = Pick<MemberList, 'members' | 'removed'>;

/**
 * Reads a published state. Its signer must be a member of the pool and, if the state names a holder, that holder.
 * From a removed member, only the state counts that was recorded at its removal.
 * @param ref the ref of the session, as this code names it
 * @returns `signer`: the id of the member whose key signed it
 */
export async function verifyState(
  commit: Oid,
  { list, ref }: { list: Signers; ref: string },
  options: GitOptions,
): Promise<{ manifest: StateManifest; signer: string }> {
  const { text, key } = await verifySigned(commit, options);
  const signer = signerOfState(list, { key, ref, commit });
  const reading = readStateManifest(text);
  if (reading.kind === 'newer') throw POOL_ERRORS.state_newer({ commit });
  if (reading.kind === 'malformed')
    throw POOL_ERRORS.state_malformed({ commit, problem: 'Its message is not that of a state' });
  const { manifest } = reading;
  if (manifest.host !== undefined && manifest.host !== signer)
    throw POOL_ERRORS.state_malformed({
      commit,
      problem: 'It names a host other than the one that signed it',
    });
  return { manifest, signer };
}

function signerOfState(
  { members, removed }: Signers,
  { key, ref, commit }: { key: string; ref: string; commit: Oid },
): string {
  const isSigner = ({ publicKey }: { publicKey: string }) => fingerprintOf(publicKey) === key;
  const member = members.find(isSigner);
  if (member !== undefined) return member.id;
  const past = removed.find(isSigner);
  if (past === undefined) throw POOL_ERRORS.state_untrusted({ commit, key });
  const recorded = past.tips[ref.slice(POOL_REFS.length)];
  if (recorded !== commit) throw POOL_ERRORS.state_after_removal({ commit, name: past.name, ref, recorded });
  return past.id;
}

/** The message of a commit and the member who signed it; undefined if no member has. */
export async function verifyByMember(
  oid: Oid,
  list: MemberList,
  git: GitOptions,
): Promise<SignedText | undefined> {
  const verified = await verifySigned(oid, git).catch(() => undefined);
  const member = verified && memberWithKey(list, verified.key);
  return (
    verified && member && { text: verified.text, person: member.person ?? member.name, machine: member.name }
  );
}

/** A commit without files and parents, as git writes it. */
const ENVELOPE = /^tree [\da-f]+\nauthor /;

/** Verifies a commit that came as text instead of through the remote. */
async function verifyEnvelope(
  envelope: string,
  list: MemberList,
  git: GitOptions,
): Promise<SignedText | undefined> {
  if (!ENVELOPE.test(envelope)) return undefined;
  const hash = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  const oid = await gitLine(hash, { ...git, input: envelope }).catch(() => undefined);
  return oid === undefined ? undefined : await verifyByMember(oid, list, git);
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
