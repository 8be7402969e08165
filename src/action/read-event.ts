import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseJson } from '../base/parse-json.ts';
import { EVENT_ERRORS } from './event-errors.ts';
import type { Runner } from './runner.ts';

/** The work that one event is about. */
export interface EventWork {
  head: string;
  /** The branch that it goes into. */
  baseBranch: string;
  /** Of the pull request; absent for other events. */
  text?: string;
}

const Sha = z.string().regex(/^[0-9a-f]{40,64}$/);

const OfPullRequest = z.object({
  pull_request: z.object({
    head: z.object({ sha: Sha }),
    base: z.object({ ref: z.string() }),
    body: z.string().nullish(),
  }),
});
const OfPush = z.object({ after: Sha, repository: z.object({ default_branch: z.string() }) });
const OfMergeGroup = z.object({ merge_group: z.object({ head_sha: Sha, base_ref: z.string() }) });

/** The events whose workflows have no more rights than the code that they run. */
const EVENTS: Readonly<Record<string, z.ZodType<EventWork>>> = {
  pull_request: OfPullRequest.transform(({ pull_request: { head, base, body } }) => ({
    head: head.sha,
    baseBranch: base.ref,
    text: body ?? '',
  })),
  push: OfPush.transform(({ after, repository }) => ({
    head: after,
    baseBranch: repository.default_branch,
  })),
  merge_group: OfMergeGroup.transform(({ merge_group: { head_sha, base_ref } }) => ({
    head: head_sha,
    baseBranch: base_ref.replace(/^refs\/heads\//, ''),
  })),
};

/** Reads the event that started the workflow. @throws event_refused, event_unreadable */
export function readEvent({ env }: Runner): EventWork {
  const { GITHUB_EVENT_NAME: event = '', GITHUB_EVENT_PATH: path = '' } = env;
  const schema = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (schema === undefined) throw EVENT_ERRORS.event_refused({ event });
  const read = schema.safeParse(parseJson(readFileSync(path, 'utf8')));
  if (!read.success) throw EVENT_ERRORS.event_unreadable({ event });
  return read.data;
}
