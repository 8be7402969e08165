import { definedOnly } from '../../base/defined-only.ts';
import { isNotifyVariable } from '../../providers/starting/environment.ts';

/** The environment of a program that shows notifications: the supervisor's, without the settings of notifications. */
export function hookEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return definedOnly(env, (name) => !isNotifyVariable(name));
}
