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
  /** The description of the pull request; absent for other events. */
  text?: string;
}

const Sha = z.string().regex(/^[0-9a-f]{40,64}$/);

const PullRequestPayload = z.object({
  pull_request: z.object({
    head: z.object({ sha: Sha }),
    base: z.object({ ref: z.string() }),
    body: z.string().nullish(),
  }),
});
const PushPayload = z.object({ after: Sha, repository: z.object({ default_branch: z.string() }) });
const MergeGroupPayload = z.object({ merge_group: z.object({ head_sha: Sha, base_ref: z.string() }) });

/** Events that give the code of a fork no secrets and no token that can write. */
const EVENTS: Readonly<Record<string, z.ZodType<EventSubject>>> = {
  pull_request: PullRequestPayload.transform(({ pull_request: { head, base, body } }) => ({
    head: head.sha,
    baseBranch: base.ref,
    text: body ?? '',
  })),
  push: PushPayload.transform(({ after, repository }) => ({
    head: after,
    baseBranch: repository.default_branch,
  })),
  merge_group: MergeGroupPayload.transform(({ merge_group: { head_sha, base_ref } }) => ({
    head: head_sha,
    baseBranch: base_ref.replace(/^refs\/heads\//, ''),
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
