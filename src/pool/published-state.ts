import { parseJson } from '../base/parse-json.ts';
import { KeptState } from '../project/checkpoints/state-commit.ts';
import { type GitOptions, gitLine } from '../project/git/git.ts';
import { commitOf } from '../project/git/repository.ts';
import type { Oid } from './board.ts';
import type { KeyFiles } from './host-keys.ts';
import { STATE_ERRORS } from './state-errors.ts';
import { readStateNote, type StateNote } from './state-note.ts';

export interface Publication {
  /** Whose files are published: a state that a worker kept, or one that was published before. */
  state: Oid;
  /** What is on the remote now. */
  before?: Oid | undefined;
  note: StateNote;
}

/** The newest state that a worker kept here, and what it knew then; undefined before its first rest. */
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

/** Makes the signed commit that goes to the remote. Its parents keep the branch and what was there before. */
export async function publishedCommit(
  { state, before, note }: Publication,
  keys: KeyFiles,
  options: GitOptions,
): Promise<Oid> {
  const parents = [before, note.head].filter((parent) => parent !== undefined);
  return await signedCommit({ tree: `${state}^{tree}`, parents, text: JSON.stringify(note) }, keys, options);
}

/** @param commit.tree by default that of no files */
export async function signedCommit(
  { tree, parents = [], text }: { tree?: Oid; parents?: readonly Oid[]; text: string },
  { keyPath }: Pick<KeyFiles, 'keyPath'>,
  options: GitOptions,
): Promise<Oid> {
  const own = { ...options, env: { ...options.env, ...WRITER } };
  const files = tree ?? (await gitLine(['mktree'], own));
  const given = parents.flatMap((parent) => ['-p', parent]);
  const key = ['-c', `user.signingKey=${keyPath}`];
  return await gitLine([...SSH, ...key, 'commit-tree', '-S', ...given, '-m', text, files], own);
}

/** Overrides what a repository, which agents write to, may name. */
const SSH = ['-c', 'gpg.format=ssh', '-c', 'gpg.ssh.program=ssh-keygen'];

const WRITER = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'samocode'],
    [`GIT_${who}_EMAIL`, 'samocode@localhost'],
  ]),
);

/**
 * The message of a commit and the id of the trusted host whose key signed it.
 * @throws state_unsigned, state_of_stranger
 */
export async function openSigned(
  commit: Oid,
  { trustedPath }: Pick<KeyFiles, 'trustedPath'>,
  options: GitOptions,
): Promise<{ text: string; signer: string }> {
  const trusted = ['-c', `gpg.ssh.allowedSignersFile=${trustedPath}`];
  const ask = ['log', '-1', '--no-patch', '--format=%G?%n%GS%n%B', commit];
  const [verdict, signer = '', ...message] = (await gitLine([...SSH, ...trusted, ...ask], options)).split(
    '\n',
  );
  if (verdict === 'U') throw STATE_ERRORS.state_of_stranger({ commit });
  if (verdict !== 'G') throw STATE_ERRORS.state_unsigned({ commit });
  return { text: message.join('\n'), signer };
}

/**
 * What a published state says, if a trusted host signed it. What it says about its host is that host's own word.
 * @returns `signer`: the id of the host whose key signed it
 * @throws state_unsigned, state_of_stranger, state_newer, state_malformed
 */
export async function verifyState(
  commit: Oid,
  keys: KeyFiles,
  options: GitOptions,
): Promise<{ note: StateNote; signer: string }> {
  const { text, signer } = await openSigned(commit, keys, options);
  const reading = readStateNote(text);
  if (reading.kind === 'newer') throw STATE_ERRORS.state_newer({ commit });
  if (reading.kind === 'malformed')
    throw STATE_ERRORS.state_malformed({ commit, problem: 'Its message is not that of a state' });
  const { note } = reading;
  if (note.host !== undefined && note.host !== signer)
    throw STATE_ERRORS.state_malformed({
      commit,
      problem: 'It names another host than the one that signed it',
    });
  return { note, signer };
}
