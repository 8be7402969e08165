export interface QaOption {
  /** A capital. */
  letter: string;
  text: string;
}

export interface QaQuestion {
  /** `Q2` in the first round, `R2Q2` later. */
  id: string;
  round: number;
  number: number;
  text: string;
  options: QaOption[];
  suggestion?: { letters: string[]; reason: string };
  /** As written; absent while it is `_waiting_` or empty. */
  answer?: string;
}

/** The question that a person means: `Q2`, `r2q2`, or `R1Q2` for one of the first round, in any letter case. */
export function findQuestion<T extends { id: string }>(questions: readonly T[], id: string): T | undefined {
  const wanted = canonicalId(id);
  return questions.find((question) => question.id === wanted);
}

/** `Q2` and `R2Q2` for any way of writing them; other texts come back in capitals. */
export function canonicalId(id: string): string {
  const capitals = id.trim().toUpperCase();
  const parts = /^(?:R0*(\d{1,6}))?Q0*(\d{1,6})$/.exec(capitals);
  return parts?.[2] ? questionId(Number(parts[1] ?? 1), Number(parts[2])) : capitals;
}

export function questionId(round: number, number: number): string {
  return round === 1 ? `Q${number}` : `R${round}Q${number}`;
}
