import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { EVENT_ERRORS } from './event-errors.ts';
import type { Runner } from './runner.ts';

/** The commit, branch and text that one event is about. */
export interface EventSubject {
  head: string;
  /** The branch that the commit is to be merged into. */
  baseBranch: string;
  defaultBranch: string;
  /** The description of the pull request; absent for other events. */
  text?: string;
}

const Sha = z.string().regex(/^[0-9a-f]{40,64}$/);

const repository = z.object({ default_branch: z.string() });

const PullRequestPayload = z.object({
  pull_request: z.object({
    head: z.object({ sha: Sha }),
    base: z.object({ ref: z.string() }),
    // Of a stack, whose layers have the one below as their base.
    stack: z.object({ base: z.object({ ref: z.string() }) }).nullish(),
    body: z.string().nullish(),
  }),
  repository,
});
const PushPayload = z.object({ after: Sha, repository });
const MergeGroupPayload = z.object({
  merge_group: z.object({ head_sha: Sha, base_ref: z.string() }),
  repository,
});

/** Events that give the code of a fork no secrets and no token that can write. */
const EVENTS: Readonly<Record<string, z.ZodType<EventSubject>>> = {
  pull_request: PullRequestPayload.transform(({ pull_request, repository: { default_branch } }) => ({
    head: pull_request.head.sha,
    baseBranch: (pull_request.stack ?? pull_request).base.ref,
    defaultBranch: default_branch,
    text: pull_request.body ?? '',
  })),
  push: PushPayload.transform(({ after, repository: { default_branch } }) => ({
    head: after,
    baseBranch: default_branch,
    defaultBranch: default_branch,
  })),
  merge_group: MergeGroupPayload.transform(({ merge_group, repository: { default_branch } }) => ({
    head: merge_group.head_sha,
    baseBranch: merge_group.base_ref.replace(/^refs\/heads\//, ''),
    defaultBranch: default_branch,
  })),
};

export function readEvent({ env }: Runner): EventSubject {
  const { GITHUB_EVENT_NAME: event = '', GITHUB_EVENT_PATH: path = '' } = env;
  const schema = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (schema === undefined) throw EVENT_ERRORS.event_refused({ event });
  const read = schema.safeParse(parseJson(readFileSync(path, 'utf8')));
  if (!read.success) throw EVENT_ERRORS.event_unreadable({ event });
  return read.data;
}
