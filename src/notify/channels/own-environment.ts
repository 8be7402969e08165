/** The environment of a program that shows notifications: the supervisor's, without what other channels keep secret. */
export function ownEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !/^(?:NOTIFY_WEBHOOK_|TELEGRAM_)/.test(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
