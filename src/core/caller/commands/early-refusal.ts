import type { NextStep } from '../../kernel/acts.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { CHANNELS } from '../../kernel/phases/channels.ts';
import { COMMAND_ROWS, canSend } from '../../session/commands/command-rows.ts';
import type { Command } from '../../session/commands/commands.ts';
import type { GateRule, Refused } from '../../session/commands/refused.ts';
import { isLost } from '../../session/folder/session-list.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { otherBuildError } from '../../session/layout/session-errors.ts';
import { statusSentence } from '../../session/words/words.ts';
import type { ActionContext } from '../context/context.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';
import { nextSteps } from '../facts/next-steps.ts';

type Kind = Command['kind'];

/**
 * The error for a command that the worker would refuse; thrown before the command is sent.
 * @param view the session; absent when one is started
 */
export function earlyRefusal(kind: Kind, { error, isStatus }: Refused, view?: SessionView): SamocodeError {
  const what = COMMAND_ROWS[kind].notDone;
  const session = view?.folder;
  const why = isStatus && view ? statusSentence(view) : error.why;
  if (isStatus && view && view.pendingCommands.length > 0) {
    const next: NextStep[] = [{ act: 'read_status', session }];
    const hint = 'An earlier command is still queued.';
    return new SamocodeError(error.code, {}, { what, why, hint, next });
  }
  // The state is known here, so the next steps for it replace `read_status`.
  const next = error.next.flatMap((step) =>
    view && step.act === 'read_status' ? nextSteps(view) : [{ ...step, session }],
  );
  return new SamocodeError(error.code, {}, { ...error, what, why, next });
}

/** Unwraps the verdict on a command. @throws its early refusal, or the error that `readOnlyReason` returns */
export function orThrow<Verdict extends { kind: 'accepted' }>(
  kind: Kind,
  verdict: Verdict | Refused,
  view?: SessionView,
): Verdict {
  if (view) requireUsable(view);
  if (verdict.kind === 'refused') throw earlyRefusal(kind, verdict, view);
  return verdict;
}

/** Why no command of this kind can be sent from here now, whatever it contains; undefined: its judge decides. */
export function refusalNow(
  kind: Kind,
  view: SessionView,
  { by }: Pick<ActionContext, 'by'>,
): SamocodeError | undefined {
  const refused = canSend(kind, view.state, { by, rule: gateRuleOf(view) });
  return readOnlyReason(view) ?? (refused && earlyRefusal(kind, refused, view));
}

/** Call before asking a person for anything that the act needs. @throws what `refusalNow` returns */
export function requireSendable(kind: Kind, view: SessionView, context: Pick<ActionContext, 'by'>): void {
  const refusal = refusalNow(kind, view, context);
  if (refusal) throw refusal;
}

/**
 * The rule for opening a session's gates. If its file cannot be read here, anyone may, so that its worker decides.
 */
export function gateRuleOf({ sessionFile }: SessionView): GateRule {
  return sessionFile?.settings ?? { gateChannels: CHANNELS };
}

/** Returns the reason why no command can be sent to a session from here; undefined if one can. */
export function readOnlyReason(view: SessionView): SamocodeError | undefined {
  const { folder, otherBuild } = view;
  if (otherBuild !== undefined) return otherBuildError(folder, otherBuild);
  return isLost(view) ? sessionLost(view) : undefined;
}

/** Call before asking a person anything about the session. @throws the error that `readOnlyReason` returns */
export function requireUsable(view: SessionView): SessionView {
  const closed = readOnlyReason(view);
  if (closed) throw closed;
  return view;
}

/** The error for a session whose workers would all exit at once. */
export function sessionLost({ folder, problems, paths, isUnreadable }: SessionView): SamocodeError {
  return ACTION_ERRORS.session_lost({
    session: folder,
    problems,
    sessionDir: paths.sessionDir,
    isUnreadable: isUnreadable === true,
  });
}
