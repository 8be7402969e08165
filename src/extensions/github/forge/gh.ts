import * as z from 'zod';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import type { SamocodeError } from '../../../core/kernel/errors.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import {
  type CommandOptions,
  type CommandResult,
  runCommand,
} from '../../../core/kernel/processes/run-command.ts';
import { saidBy } from '../../../core/kernel/said.ts';
import { isFineForGit } from '../../../core/project/git/git-variables.ts';
import { FORGE_ERRORS } from './forge-errors.ts';
import { partsOf } from './repository-name.ts';

export interface GhContext {
  env: Readonly<Record<string, string | undefined>>;
  signal?: AbortSignal;
}

export const NETWORK_LIMIT_MS = 120_000;
/** Enough for a hundred threads of long comments. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** Runs gh outside any repository, so that it starts no git in the project; requests name the repository instead. */
export async function gh(
  { env, signal }: GhContext,
  args: readonly string[],
  options: Pick<CommandOptions, 'input' | 'output'> = {},
): Promise<CommandResult> {
  const quiet = { GH_PROMPT_DISABLED: '1', GH_NO_UPDATE_NOTIFIER: '1', NO_COLOR: '1' };
  // If one of these is set, gh formats its output for a terminal, whatever NO_COLOR says.
  const isKept = (name: string) => isFineForGit(name) && !/^(?:GH_FORCE_TTY|CLICOLOR_FORCE)$/.test(name);
  const own = { ...definedOnly(env, isKept), ...quiet };
  const limits = { timeoutMs: NETWORK_LIMIT_MS, maxBytes: MAX_ANSWER, ...(signal && { signal }) };
  const result = await runCommand('gh', args, { env: own, ...limits, ...options });
  signal?.throwIfAborted();
  return result;
}

/** The host of a request, and a description of its subject for people. */
export interface Subject {
  host: string;
  subject: string;
}

export interface Answer {
  status: number;
  headers: ReadonlyMap<string, string>;
  text: string;
  /** The output of gh and GitHub's reasons for a refusal, for people. */
  said: string;
}

/** One request to the API. @returns whatever the host answered */
export async function ask(
  context: GhContext,
  { host }: Subject,
  { path, method, body }: { path: string; method?: 'POST' | 'PATCH'; body?: unknown },
): Promise<Answer> {
  const how = [...(method ? ['--method', method] : []), ...(body === undefined ? [] : ['--input', '-'])];
  const input = body === undefined ? {} : { input: JSON.stringify(body) };
  const run = await gh(context, ['api', path, '--hostname', host, '--include', ...how], input);
  const end = /\r?\n\r?\n/.exec(run.stdout);
  const head = run.stdout.slice(0, end?.index).split(/\r?\n/);
  const text = end ? run.stdout.slice(end.index + end[0].length) : '';
  const answer = parseResponse(run, head, text, context);
  if (answer === undefined) throw noAnswer(run, host, context);
  return answer;
}

/** gh prints `HTTP/2.0 200 OK`, the headers and an empty line before an answer; undefined if there was none. */
export function parseResponse(
  { exitCode, stderr }: CommandResult,
  [first = '', ...lines]: readonly string[],
  text: string,
  { env }: GhContext,
): Answer | undefined {
  const status = Number(/^HTTP\/\S+ (\d{3})\b/.exec(first)?.[1]);
  // Null: gh was killed in the middle of the answer.
  if (!status || exitCode === null) return undefined;
  const headers = lines.flatMap((line): [string, string][] => {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
    return name && value ? [[name.toLowerCase(), value]] : [];
  });
  const said = saidBy([stderr, ...(status < 300 ? [] : reasonsIn(text))].join('\n'), env);
  return { status, headers: new Map(headers), text, said };
}

const Reasons = z.object({
  errors: z.array(z.object({ message: z.string(), field: z.string(), code: z.string() }).partial()),
});

/** GitHub's reasons for refusing a request, of which gh prints none: "No commits between main and x", "head: invalid". */
function reasonsIn(text: string): string[] {
  const { errors } = Reasons.catch({ errors: [] }).parse(parseJson(text));
  return errors.map(({ message, field, code }) => message ?? `${field}: ${code}`);
}

const UNREACHABLE = /error connecting|dial tcp|proxyconnect|no such host|timeout|EOF|TLS|x509|connection re/i;

export function noAnswer(
  { exitCode, notFound, timedOut, stderr }: CommandResult,
  host: string,
  { env }: GhContext,
): SamocodeError {
  const because = { cause: stderr.slice(0, 500) };
  const said = saidBy(stderr, env);
  if (notFound) return FORGE_ERRORS.forge_no_gh();
  // gh then prints how to log in, as our own text says.
  if (exitCode === 4) return FORGE_ERRORS.forge_not_logged_in({ host }, because);
  if (timedOut || UNREACHABLE.test(stderr)) return FORGE_ERRORS.forge_offline({ host, said }, because);
  return FORGE_ERRORS.forge_failed({ host, status: undefined, said }, because);
}

/** The error for an unexpected answer. */
export function forgeFailure(
  { status, headers, text, said }: Answer,
  { host, subject }: Subject,
): SamocodeError {
  const because = { cause: text.slice(0, 500) };
  const isLimit = headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0';
  if (status === 401) return FORGE_ERRORS.forge_not_logged_in({ host, said }, because);
  if (status === 429 || (status === 403 && (isLimit || /rate limit/i.test(text))))
    return FORGE_ERRORS.forge_rate_limited({ host, until: resetIn(headers) }, because);
  if ([403, 404, 410, 451].includes(status))
    return FORGE_ERRORS.forge_refused({ host, subject, said }, because);
  return FORGE_ERRORS.forge_failed({ host, status, said }, because);
}

/** When the rate limit resets, by the host's clock: `Retry-After` counts from the time of its answer. */
function resetIn(headers: Answer['headers']): string | undefined {
  const after = headers.get('retry-after');
  const ms =
    after === undefined
      ? Number(headers.get('x-ratelimit-reset')) * 1000
      : Date.parse(headers.get('date') ?? '') + Number(after) * 1000;
  return Number.isFinite(ms) && ms > 0 ? isoUtc(ms) : undefined;
}

export function read<T extends z.ZodType>(schema: T, answer: Answer, about: Subject): z.infer<T> {
  if (answer.status >= 300) throw forgeFailure(answer, about);
  return parsed(schema, parseJson(answer.text), about);
}

function parsed<T extends z.ZodType>(schema: T, value: unknown, { host }: Subject): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw FORGE_ERRORS.forge_failed({ host, status: undefined }, { cause: result.error });
}

/** A GraphQL query about one repository, which is named `host/owner/name`. */
export interface RepositoryQuery<T extends z.ZodType> {
  repository: string;
  subject: string;
  /** Fields of the repository; `more` are fields of the query itself. */
  fields: string;
  more?: string;
  schema: T;
  /** Whether a part of `fields` that has an error is omitted from the answer; otherwise, any error is thrown. */
  isParted?: boolean;
}

const Reply = z.object({
  data: z.looseObject({ repository: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  errors: z.array(z.object({ type: z.string().nullish(), path: z.array(z.unknown()).nullish() })).default([]),
});

export async function query<T extends z.ZodType>(
  context: GhContext,
  { repository, subject, fields, more = '', schema, isParted }: RepositoryQuery<T>,
): Promise<z.infer<T>> {
  const { host, owner, name } = partsOf(repository);
  const about = { host, subject };
  const of = `owner: ${JSON.stringify(owner)}, name: ${JSON.stringify(name)}`;
  const asked = `{ rateLimit { remaining resetAt } repository(${of}) { nameWithOwner ${fields} } ${more} }`;
  const answer = await ask(context, about, { path: 'graphql', body: { query: asked } });
  const { data, errors } = read(Reply, answer, about);
  for (const { type, path } of errors) {
    const [root, part] = path ?? [];
    const inPart = isParted && root === 'repository' && typeof part === 'string' && data?.repository;
    if (!inPart) throw forgeFailure({ ...answer, status: STATUS_OF[type ?? ''] ?? 200 }, about);
    delete inPart[part];
  }
  const found = String(data?.repository?.nameWithOwner);
  if (data?.repository && found.toLowerCase() !== `${owner}/${name}`.toLowerCase())
    throw FORGE_ERRORS.forge_renamed({ from: repository, to: `${host}/${found}` });
  return parsed(schema, data, about);
}

/** GraphQL reports errors with status 200. */
const STATUS_OF: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  INSUFFICIENT_SCOPES: 403,
  RATE_LIMITED: 429,
};
