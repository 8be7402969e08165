/**
 * What confines an agent: the kernel (`guard`); the kernel, but the agent is root (`best effort`); the agent CLI's own
 * sandbox; nothing.
 */
export const SANDBOX_LEVELS = ['guard', 'best effort', 'provider sandbox', 'none'] as const;
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

/** Whether `now` protects less than `then`. The guards of an ordinary user and of root differ, but are one choice. */
export function isLower(now: SandboxLevel, then: SandboxLevel): boolean {
  return SANDBOX_LEVELS.indexOf(now) > SANDBOX_LEVELS.indexOf(then);
}
