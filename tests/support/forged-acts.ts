/** Acts of a rehearsal agent that forges files which only a person or the worker may write. */
export const ANSWERS_QA = inSession(
  "sed -e 's/_waiting_/A/' -e 's/^Status: .*/Status: answered/' _qa.md >qa; mv qa _qa.md",
);

function inSession(script: string): object {
  return { act: 'run', command: ['sh', '-c', `cd "$REHEARSAL_SESSION_DIR"; ${script}`] };
}
