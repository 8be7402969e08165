import type { Clock } from '../../../core/kernel/clock.ts';
import { errors } from '../../../core/kernel/errors.ts';
import { quotedSaid } from '../../../core/kernel/said.ts';

/** Reasons why a forge gave no usable answer; callers branch on their codes. The whole output of gh is the `cause`. */
export const FORGE_ERRORS = errors({
  forge_no_repository: ({ mainRepo }: { mainRepo: string }) => ({
    what: 'GitHub was not asked.',
    why: `No remote of ${mainRepo} names a repository there.`,
    hint: 'Add one with "git remote add origin <url>".',
  }),
  forge_failed: ({ host, status, said }: Asked & { status: number | undefined }) => ({
    what: `A request to ${host} failed.`,
    why: `${
      status === undefined
        ? 'gh ended with an error, or its answer was not what this version of samocode expects.'
        : `The answer had the HTTP status ${status}.`
    }${quotedSaid(said ?? '', 'gh')}`,
    hint: 'Correct what gh names, or try again in a few minutes. If it happens again, update gh.',
  }),
  forge_no_attachments: ({ host, isOldGh }: { host: string; isOldGh: boolean }) => ({
    what: `gh cannot attach files on ${host}.`,
    why: isOldGh
      ? 'Only gh 2.99 and newer have the option --attach.'
      : 'GitHub Enterprise Server accepts no attachments from gh.',
    hint: isOldGh
      ? 'Update gh (https://cli.github.com), then finish the session again in the same way.'
      : 'Set PICTURES_UPLOAD=no in .samocode. The report of the session has the pictures.',
  }),
  forge_no_gh: () => ({
    what: 'gh is not on PATH.',
    why: 'samocode reaches GitHub through it.',
    hint: 'Install it (Debian: apt install gh; others: https://cli.github.com), then run "gh auth login".',
  }),
  forge_not_logged_in: ({ host, said }: Asked) => ({
    what: `gh is not logged in to ${host}.`,
    why: `It has no login there, or the host refused it.${quotedSaid(said ?? '', 'gh')}`,
    hint: `Run "gh auth login --hostname ${host}".`,
  }),
  forge_offline: ({ host, said }: Asked) => ({
    what: `${host} cannot be reached.`,
    why: `gh got no answer: the network, a proxy or the host itself is down. This says nothing about your login.${quotedSaid(said ?? '', 'gh')}`,
    hint: `Try again once "gh api user --hostname ${host}" succeeds.`,
  }),
  forge_rate_limited: ({ host, until }: Asked & { until: string | undefined }) => ({
    what: `${host} accepts no more requests from your login${until === undefined ? ' for now' : ` until ${until}`}.`,
    why: 'Its rate limit, which all programs that use your login share, is used up.',
    hint: 'Wait. samocode itself retries for the pull requests that it watches.',
  }),
  forge_refused: ({ host, subject, said }: Asked & { subject: string }) => ({
    what: `${host} refused a request about ${subject}.`,
    why: `It does not exist, or your login has no access to it; GitHub does not say which.${quotedSaid(said ?? '', 'gh')}`,
    hint: `Check the name and the account ("gh api user --hostname ${host}"); if an organization requires single sign-on or a scope is missing, run "gh auth refresh --hostname ${host}".`,
  }),
  forge_renamed: ({ from, to }: { from: string; to: string }) => ({
    what: `The repository ${from} is now called ${to}.`,
    why: 'samocode writes nothing to it under its old name.',
    hint: `Update the address of the remote: git remote set-url <remote> <address of ${to}>.`,
  }),
  issue_unusable: ({ given, problem, fix }: { given: string; problem: string; fix: string }) => ({
    what: 'No session was started.',
    why: `${/^#?\d/.test(given) ? `Issue #${given.replace('#', '')}` : `"${given}"`} ${problem}.`,
    hint: fix,
  }),
});

interface Asked {
  host: string;
  /** The last lines that gh printed, for people. */
  said?: string;
}

/** Whether a failure affects every session of this login. */
export function isOfLogin(error: unknown): boolean {
  const { forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh } = FORGE_ERRORS;
  return [forge_rate_limited, forge_offline, forge_not_logged_in, forge_no_gh].some((row) => row.is(error));
}

/** Milliseconds until the forge accepts requests from this login again. */
export function forgeResetMs(error: unknown, clock: Clock): number {
  return FORGE_ERRORS.forge_rate_limited.is(error) ? untilMs(String(error.args.until), clock) : 0;
}

/** GitHub's limits reset within an hour; a clock that differs from its clock must not make this longer. */
const LONGEST_RESET_MS = 60 * 60_000;

export function untilMs(resetAt: string, clock: Clock): number {
  return Math.min(LONGEST_RESET_MS, Math.max(0, Date.parse(resetAt) - clock.now()) || 0);
}
