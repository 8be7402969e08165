import { join } from 'node:path';
import { ulid } from 'ulid';
import { type GitResult, runGit } from '../project/git/git.ts';
import { GIT_ERRORS } from '../project/git/git-errors.ts';
import type { Setting } from '../project/git/git-programs.ts';
import type { GitContext } from '../project/git/repository.ts';
import type { Oid } from './board.ts';
import { POOL_ERRORS } from './pool-errors.ts';
import type { PoolRemote, Push } from './remote.ts';

/** The refs of a pool, as every part of samocode names them and as they are copied into the local repository. */
export const POOL_REFS = 'refs/samocode/pool/';
/** Their place on servers that take no refs but branches and tags. */
export const POOL_BRANCHES = 'refs/heads/samocode-pool/';

export interface RemotePlace {
  url: string;
  /** Where the server keeps the refs of the pool. */
  prefix: typeof POOL_REFS | typeof POOL_BRANCHES;
  /** `config`: nothing that an agent may have planted, and the login for the remote. */
  git: GitContext & { cwd: string };
  /** Milliseconds for each call. */
  limitMs: number;
}

/** @see GitRemote.probe */
export type Probed = 'works' | 'declined' | 'read_only' | 'unreachable';

/** What a server says when another push was faster; any other answer is a rule of its own. */
const LOST_RACE =
  /stale info|fetch first|cannot lock ref|failed to update ref|failed to lock|already exists|incorrect old value/;

// Whatever a person has set for pushes of theirs.
const PUSH = ['--porcelain', '--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no'];
const FETCH = ['--quiet', '--no-write-fetch-head', '--no-tags', '--no-recurse-submodules', '--prune'];
const RECEIVE = '--receive-pack=git-receive-pack';
const UPLOAD = '--upload-pack=git-upload-pack';

export class GitRemote implements PoolRemote {
  readonly #place: RemotePlace;
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(place: RemotePlace) {
    this.#place = place;
  }

  /** What a ref is called there. */
  nameOf(ref: string): string {
    return this.#place.prefix + ref.slice(POOL_REFS.length);
  }

  /** @throws pool_push_declined when the server itself does not take it */
  async move(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<Push> {
    const there = this.nameOf(ref);
    const lease = `--force-with-lease=${there}:${expected ?? ''}`;
    // Never with "+" or --force: either one makes git ignore the lease.
    const push = ['push', ...PUSH, RECEIVE, lease, '--', this.#place.url, `${to ?? ''}:${there}`];
    let result: GitResult;
    try {
      // With its sparse algorithm git sends whole folders again that lie one level deeper than on the server.
      result = await this.#git(push, { config: [['pack.useSparse', 'false']], allowFailure: true });
    } catch (error) {
      if (GIT_ERRORS.git_timeout.is(error)) return 'unreachable';
      throw error;
    }
    if (result.exitCode === 0) return 'moved';
    const answer = /^!\t[^\t]*\t(.*)$/m.exec(result.stdout)?.[1];
    if (answer === undefined || answer.startsWith('[remote failure]')) return 'unreachable';
    if (LOST_RACE.test(answer)) return 'refused';
    throw POOL_ERRORS.pool_push_declined({ ref }, { cause: new Error(`${answer}\n${result.stderr}`) });
  }

  /** All refs of the repository come over the wire for it: a fetch of patterns is filtered by the server. */
  async look(...patterns: string[]): Promise<ReadonlyMap<string, Oid>> {
    const there = patterns.map((pattern) => this.nameOf(pattern));
    const list = await this.#git(['ls-remote', '--refs', UPLOAD, '--', this.#place.url, ...there]);
    const rows = list.stdout.split('\n').map((line) => line.split('\t'));
    const ours = rows.filter(([, ref]) => ref?.startsWith(this.#place.prefix));
    return new Map(
      ours.map(([oid = '', ref = '']) => [POOL_REFS + ref.slice(this.#place.prefix.length), oid]),
    );
  }

  /** @param refs names or patterns; a local copy that they match and that is gone from the remote is removed */
  async fetch(refs: readonly string[]): Promise<void> {
    const copies = refs.map((ref) => `+${this.nameOf(ref)}:${ref}`);
    const fetch = () => this.#git(['fetch', ...FETCH, UPLOAD, '--', this.#place.url, ...copies]);
    // One after the other: of two that update the same copy, one fails.
    this.#fetching = this.#fetching.then(fetch, fetch);
    await this.#fetching;
  }

  /**
   * Tries what a pool does there, with a ref that is removed again: create, move and delete it.
   * @param commit makes some commit of that text
   * @returns `declined`: the server takes no refs below this prefix
   */
  async probe(commit: (text: string) => Promise<Oid>): Promise<Probed> {
    const ref = `${POOL_REFS}probe/${ulid()}`;
    const [first, second] = [await commit('first'), await commit('second')];
    const moves = [[first, undefined] as const, [second, first] as const, [undefined, second] as const];
    try {
      for (const [to, expected] of moves) {
        const push = await this.move(ref, to, expected);
        if (push === 'unreachable')
          return await this.look(ref).then(
            () => 'read_only',
            () => push,
          );
        if (push === 'refused') return 'declined';
      }
      return 'works';
    } catch (error) {
      if (POOL_ERRORS.pool_push_declined.is(error)) return 'declined';
      throw error;
    }
  }

  /** Whether anybody can read it: it answers although git offers no login. False for ssh and folders. */
  async isPublic(): Promise<boolean> {
    if (!/^(?:https?|git):\/\//i.test(this.#place.url)) return false;
    const address = new URL(this.#place.url);
    Object.assign(address, { username: '', password: '' });
    const { HOME = '', GIT_CONFIG_GLOBAL: settings = join(HOME, '.gitconfig') } = this.#place.git.baseEnv;
    // An empty value clears those before it. Without a home there is no ~/.netrc; proxies of the settings stay.
    const config: Setting[] = [
      ['credential.helper', ''],
      [`credential.${address.href}.helper`, ''],
      [`http.${address.href}.extraHeader`, ''],
    ];
    const env = { HOME: '/dev/null', GIT_CONFIG_GLOBAL: settings };
    const ask = ['ls-remote', '--heads', UPLOAD, '--', address.href];
    return (await this.#git(ask, { config, env, allowFailure: true })).exitCode === 0;
  }

  async #git(
    args: readonly string[],
    more: { config?: Setting[]; env?: Record<string, string>; allowFailure?: boolean } = {},
  ): Promise<GitResult> {
    const { git, limitMs } = this.#place;
    const config = [...(git.config ?? []), ...(more.config ?? [])];
    return await runGit(args, { ...git, ...more, config, timeoutMs: limitMs });
  }
}
