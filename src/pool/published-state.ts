import { parseJson } from '../base/parse-json.ts';
import { KeptState } from '../project/checkpoints/state-commit.ts';
import { type GitOptions, gitLine } from '../project/git/git.ts';
import { commitOf } from '../project/git/repository.ts';
import { NewerVersion } from '../session/events/events.ts';
import { isFolderName } from '../session/layout/names.ts';
import type { Oid } from './board.ts';
import type { KeyFiles } from './host-keys.ts';
import { STATE_ERRORS } from './state-errors.ts';
import { StateNote } from './state-note.ts';

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
  { keyPath }: KeyFiles,
  options: GitOptions,
): Promise<Oid> {
  const parents = [before, note.head].flatMap((parent) => (parent === undefined ? [] : ['-p', parent]));
  const key = ['-c', `user.signingKey=${keyPath}`];
  const commit = ['commit-tree', '-S', ...parents, '-m', JSON.stringify(note), `${state}^{tree}`];
  return await gitLine([...SSH, ...key, ...commit], { ...options, env: { ...options.env, ...WRITER } });
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
 * What a published state says, if a trusted host signed it. What it says about its host is that host's own word.
 * @returns `signer`: the id of the host whose key signed it
 * @throws state_unsigned, state_of_stranger, state_newer, state_malformed
 */
export async function verifyState(
  commit: Oid,
  { trustedPath }: KeyFiles,
  options: GitOptions,
): Promise<{ note: StateNote; signer: string }> {
  const trusted = ['-c', `gpg.ssh.allowedSignersFile=${trustedPath}`];
  const ask = ['log', '-1', '--no-patch', '--format=%G?%n%GS%n%B', commit];
  const text = await gitLine([...SSH, ...trusted, ...ask], options);
  const [verdict, signer = '', ...message] = text.split('\n');
  if (verdict === 'U') throw STATE_ERRORS.state_of_stranger({ commit });
  if (verdict !== 'G') throw STATE_ERRORS.state_unsigned({ commit });
  const said = parseJson(message.join('\n'));
  const note = StateNote.safeParse(said).data;
  if (note === undefined && NewerVersion.safeParse(said).success) throw STATE_ERRORS.state_newer({ commit });
  if (note === undefined || !isFolderName(note.folder))
    throw STATE_ERRORS.state_malformed({ commit, problem: 'Its message is not that of a state' });
  if (note.host !== undefined && note.host !== signer)
    throw STATE_ERRORS.state_of_stranger({ commit, host: note.hostName });
  return { note, signer };
}
