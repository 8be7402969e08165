// Rules and acts of scenarios (tests/core/difficult-children/README.md).

/** For the first agent; the others are honest. */
export const first = (...acts: object[]) => [{ when: { iteration: 1 }, do: acts }];

/** For every agent. */
export const always = (...acts: object[]) => [{ when: {}, do: acts }];

export const shell = (command: string) => ({ act: 'run', command: ['sh', '-c', command] });

/** The final event of a CLI that reports an error. */
export const fails = (json: object) => ({ act: 'result', json: { is_error: true, ...json } });

/** An agent that works for a while, so that something can happen meanwhile. */
export const SLOW_FIRST = first({ act: 'sleep', ms: 2500 }, { act: 'normal' });

/** The last act of an agent that calls its session done. */
export const DONE = { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } };
