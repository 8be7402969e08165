import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { READING_ERRORS } from '../../caller/errors/reading-errors.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { makeProof } from '../../session/proof/make-proof.ts';
import type { SessionProof } from '../../session/proof/proof.ts';

export interface ProofOfSession {
  view: SessionView;
  proof: SessionProof;
}

/** Reads what was proved about a session's branch from its events, because agents can write to its files. */
export async function readProofOf(
  question: SessionQuestion,
  context: ActionContext,
): Promise<ProofOfSession> {
  const view = await findSession(question, context);
  const proof = makeProof(await readEvents(view.paths, 0));
  if (proof === undefined) throw READING_ERRORS.no_proof({ session: view.folder });
  return { view, proof };
}
