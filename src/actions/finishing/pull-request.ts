import { gitLine } from '../../project/git/git.ts';
import { commitsSince } from '../../project/worktrees/changes.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { taskText } from '../../session/documents/overview-task.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import { proofFacts, proofMarkdown } from '../../session/proof/proof-markdown.ts';
import type { FinishLook } from './look-at-finish.ts';

/** What becomes a pull request, and where. */
export interface PullRequest {
  remote: string;
  /** `host/owner/name` for gh; absent where the remote's URL names none. */
  repository: string | undefined;
  branch: string;
  into: string | undefined;
  title: string;
  isDraft: boolean;
}

export async function pullRequestOf(
  { view, base, git }: FinishLook,
  sessionFile: SessionFile,
): Promise<PullRequest> {
  const { worktree, status } = view.state;
  const options = { ...git, cwd: sessionFile.mainRepo, allowFailure: true };
  const remotes = (await gitLine(['remote'], options)).split('\n').filter(Boolean);
  const ofBase = remotes.find((name) => worktree?.base.startsWith(`${name}/`));
  const remote = ofBase ?? (remotes.includes('origin') ? 'origin' : (remotes[0] ?? 'origin'));
  const url = await gitLine(['remote', 'get-url', '--push', remote], options);
  return {
    remote,
    repository: repositoryIn(url),
    branch: worktree?.branch ?? '',
    into: base?.into ?? (ofBase && worktree?.base.slice(ofBase.length + 1)),
    title: titleOf(view, sessionFile),
    isDraft: status.kind !== 'done',
  };
}

/** `git@github.com:owner/name.git`, `https://github.com/owner/name`, `ssh://git@host:22/owner/name.git`. */
export function repositoryIn(url: string): string | undefined {
  const found =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url) ??
    /^(?:[\w.-]+@)?([\w.-]+):([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url);
  return found === null ? undefined : found.slice(1, 4).join('/');
}

const MAX_TITLE = 72;

function titleOf({ state, folder }: SessionView, file: SessionFile): string {
  const text = state.goal ?? taskText(file);
  const line = text.split('\n').find((each) => each.trim() !== '') ?? nameWithoutDate(folder);
  const words = oneLine(line)
    .replace(/^#+\s*/, '')
    .trim();
  return words.length > MAX_TITLE ? `${words.slice(0, MAX_TITLE - 1).trimEnd()}…` : words;
}

/** GitHub takes no longer text. */
const MAX_BODY = 60_000;

/** Its text, with the proof by the events, at the end: agents can write to the session's folder, and what is sealed can be verified. */
export async function bodyOf({ view, git, base }: FinishLook, file: SessionFile): Promise<string> {
  const { state, folder, paths } = view;
  const { worktree, status } = state;
  const range = {
    ...git,
    cwd: file.mainRepo,
    base: worktree?.baseCommit ?? '',
    head: `refs/heads/${worktree?.branch}`,
  };
  const { commits, total } = await commitsSince(range, 50);
  const more = total > commits.length ? [`- and ${total - commits.length} more`] : [];
  const proof = makeProof(await readEvents(paths.events, 0));
  const isOfTip = proof?.commit === base?.tip;
  const older =
    proof === undefined || isOfTip
      ? []
      : [
          `The branch has changed since its proof, which is of ${proof.commit.slice(0, 12)}: it is not in this text.`,
          '',
        ];
  const text = [
    status.kind === 'done' ? status.summary : `The session is ${status.kind}, not done.`,
    '',
    '## Commits',
    '',
    ...commits.toReversed().map(({ subject }) => `- ${oneLine(subject)}`),
    ...more,
    '',
    ...older,
    `Made by samocode, session ${folder}.`,
    '',
  ].join('\n');
  if (proof === undefined || !isOfTip) return cut(text);
  const whole = proofMarkdown(proof, `${text}\n`);
  return whole.length > MAX_BODY ? cut(`${text}\n${proofFacts(proof)}\n`) : whole;
}

function cut(text: string): string {
  return text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}\n\n(cut)\n` : text;
}
