import { parseJson } from '../../core/kernel/parse-json.ts';
import { type GitOptions, gitLine } from '../../core/project/git/git.ts';
import { commitOf } from '../../core/project/git/repository.ts';
import type { Oid } from './boards/board.ts';
import { POOL_REFS } from './git-remote.ts';
import { fingerprintOf, type KeyFiles } from './host-keys.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import { KeptState } from './saved/state-commit.ts';
import { readStateNote, type StateNote } from './state-note.ts';

export interface Publication {
  /** The commit whose files are published: a state saved by a worker, or one published before. */
  state: Oid;
  /** The commit on the remote now. */
  before?: Oid;
  note: StateNote;
}

/** The newest state that a worker saved here, with its metadata; undefined before the first one. */
export async function keptState(
  ref: string,
  options: GitOptions,
): Promise<{ commit: Oid; kept: KeptState } | undefined> {
  const commit = await commitOf(ref, options);
  if (commit === undefined) return undefined;
  const text = await gitLine(['log', '-1', '--no-patch', '--format=%B', commit], options);
  const kept = KeptState.safeParse(parseJson(text)).data;
  return kept && { commit, kept };
}

/** Makes the signed commit to push. Its parents keep the previous state, the branch and the checkpoints on the remote. */
export async function publishedCommit(
  { state, before, note }: Publication,
  keys: KeyFiles,
  options: GitOptions,
): Promise<Oid> {
  const kept = [before, note.head, ...Object.values(note.checkpoints ?? {})];
  const parents = [...new Set(kept.filter((parent) => parent !== undefined))];
  return await signedCommit({ tree: `${state}^{tree}`, parents, text: JSON.stringify(note) }, keys, options);
}

/** @param commit.tree by default the empty tree */
export async function signedCommit(
  { tree, parents = [], text }: { tree?: Oid; parents?: readonly Oid[]; text: string },
  { keyPath }: Pick<KeyFiles, 'keyPath'>,
  options: GitOptions,
): Promise<Oid> {
  const own = { ...options, env: { ...options.env, ...IDENTITY } };
  const files = tree ?? (await gitLine(['mktree'], own));
  const given = parents.flatMap((parent) => ['-p', parent]);
  const key = ['-c', `user.signingKey=${keyPath}`];
  return await gitLine([...SIGNING, ...key, 'commit-tree', '-S', ...given, files], { ...own, input: text });
}

/** Overrides the repository's own signing settings, because agents can write to them. */
const SIGNING = ['-c', 'gpg.format=ssh', '-c', 'gpg.ssh.program=ssh-keygen'];

const IDENTITY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'samocode'],
    [`GIT_${who}_EMAIL`, 'samocode@localhost'],
  ]),
);

/** The message of a commit and the fingerprint of the key that signed it, which the caller looks up. */
export async function openSigned(
  commit: Oid,
  options: GitOptions,
): Promise<{ text: string; key: string; parents: string[] }> {
  // Without allowed signers, git still checks the signature, and names its key.
  const check = [...SIGNING, '-c', 'gpg.ssh.allowedSignersFile=/dev/null'];
  const ask = ['log', '-1', '--no-patch', '--format=%G?%n%GF%n%P%n%B', commit];
  // A replacement of the object here would hide what the remote has.
  const env = { ...options.env, GIT_NO_REPLACE_OBJECTS: '1' };
  const printed = await gitLine([...check, ...ask], { ...options, env });
  const [verdict, key = '', parents = '', ...message] = printed.split('\n');
  if (verdict !== 'U' || key === '') throw POOL_ERRORS.state_unsigned({ commit });
  return { text: message.join('\n'), key, parents: parents.split(' ').filter(Boolean) };
}

/** The part of a list of members that decides whose states count. */
interface Signers {
  members: ReadonlyArray<{ id: string; publicKey: string }>;
  removed: ReadonlyArray<{
    id: string;
    name: string;
    publicKey: string;
    tips: Readonly<Record<string, Oid>>;
  }>;
}

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
): Promise<{ note: StateNote; signer: string }> {
  const { text, key } = await openSigned(commit, options);
  const signer = signerOfState(list, { key, ref, commit });
  const reading = readStateNote(text);
  if (reading.kind === 'newer') throw POOL_ERRORS.state_newer({ commit });
  if (reading.kind === 'malformed')
    throw POOL_ERRORS.state_malformed({ commit, problem: 'Its message is not that of a state' });
  const { note } = reading;
  if (note.host !== undefined && note.host !== signer)
    throw POOL_ERRORS.state_malformed({
      commit,
      problem: 'It names a host other than the one that signed it',
    });
  return { note, signer };
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
