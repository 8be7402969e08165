import { join } from 'node:path';
import { writeWhole } from '../../base/files/atomic-file.ts';
import type { CommandResult } from '../../base/processes/run-command.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { runGit } from '../../project/git/git.ts';
import type { ActionContext } from '../common/context.ts';
import { refuseFromInside } from '../common/refuse-from-inside.ts';
import { composePullRequest } from './compose-pull-request.ts';
import type { FinishVerdict } from './judge-finish.ts';
import { gh, NETWORK_LIMIT_MS, type PullRequest, whyByHand } from './pull-request.ts';

export interface Published {
  said: string;
  bodyPath: string;
  url?: string;
  commands: string[];
}

/**
 * Publishes a session's branch as a pull request, with `gh` where it is installed and logged in; else gives the commands. The
 * text is written to a file in either case. A second time it pushes what is new to the same pull request.
 * @throws inside_session, GitError
 */
export async function publish(
  look: FinishVerdict,
  withAnswers: boolean,
  context: ActionContext,
): Promise<Published> {
  await refuseFromInside(context);
  const { request, whole } = await composePullRequest(look, withAnswers, context);
  const { paths, sessionFile } = look.view;
  const mainRepo = sessionFile?.mainRepo ?? '';
  const bodyPath = join(paths.sessionDir, 'pull-request.md');
  await writeWhole(bodyPath, whole);
  const commands = commandsOf(request, mainRepo, bodyPath);
  const handedOver = (said: string, left = commands) => ({ said, bodyPath, commands: left });
  const why = await whyByHand(request, look, context);
  const { remote, branch } = request;
  if (why !== undefined || remote === undefined) {
    const how =
      commands.length === 1 ? 'This command pushes the branch.' : 'These commands publish the branch.';
    return handedOver(`${why} ${how}`);
  }
  const refs = `refs/heads/${branch}:refs/heads/${branch}`;
  const push = ['push', '--quiet', '--receive-pack=git-receive-pack', '--', remote, refs];
  const options = { ...look.git, cwd: mainRepo, allowFailure: true, timeoutMs: NETWORK_LIMIT_MS };
  if ((await runGit(push, options)).exitCode !== 0)
    return handedOver(`git could not push ${branch} to ${remote}. These commands publish it.`);
  const isOpen = ['--state', 'open', '--json', 'url', '--jq', '.[].url'];
  const known = urlIn(await gh(context, ['pr', 'list', ...ofBranch(request), ...isOpen]));
  if (known !== undefined)
    return { ...handedOver(`The branch was pushed to its pull request ${known}.`, []), url: known };
  const made = await gh(context, ['pr', 'create', ...createArgs(request, bodyPath)]);
  const url = urlIn(made);
  if (made.exitCode !== 0 || url === undefined) {
    const said = `${branch} is pushed to ${remote}, but gh opened no pull request. The last command tries again.`;
    return handedOver(said, commands.slice(-1));
  }
  return { ...handedOver(`Pull request ${url} is open.`, []), url };
}

function ofBranch({ repository = '', branch }: PullRequest): string[] {
  return ['--repo', repository, '--head', branch];
}

function createArgs(request: PullRequest, bodyPath: string): string[] {
  const { into, title, isDraft } = request;
  return [
    ...ofBranch(request),
    ...(into === undefined ? [] : ['--base', into]),
    ...['--title', title, '--body-file', bodyPath],
    ...(isDraft ? ['--draft'] : []),
  ];
}

/** What publishes the branch by hand. Where gh cannot know the repository, its command would only fail. */
function commandsOf(request: PullRequest, mainRepo: string, bodyPath: string): string[] {
  const { remote, branch, repository } = request;
  const git = ['git', '-C', mainRepo];
  const add = [...git, 'remote', 'add', 'origin', '<the address of a repository>'];
  const create = createArgs(request, bodyPath).slice(repository === undefined ? 2 : 0);
  const isForGh = remote === undefined || repository !== undefined;
  return [
    ...(remote === undefined ? [add] : []),
    [...git, 'push', remote ?? 'origin', branch],
    ...(isForGh ? [['gh', 'pr', 'create', ...create]] : []),
  ].map((words) => words.map(shellWord).join(' '));
}

function urlIn({ stdout }: CommandResult): string | undefined {
  return /^https:\/\/\S+$/m.exec(stdout)?.[0];
}
