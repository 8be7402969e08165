import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, ok, warn } from '../../actions/preconditions/check.ts';
import { troubleWords } from '../../actions/reading/channel-state.ts';
import { configuredChannels } from '../../notify/outbox/test-channels.ts';

/** Whether the channels of notifications work, as far as the supervisor knows. Sends nothing. */
export async function notifyChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { channels, problems } = await configuredChannels(context);
  return [
    ...problems.map((problem) => warn('notify', problem, 'Correct it in ~/.config/samocode/.env.')),
    ...channels.map(({ channel, failing }) =>
      failing === undefined
        ? ok(`notify.${channel}`, 'no notification has failed')
        : warn(
            `notify.${channel}`,
            troubleWords({ channel, ...failing }),
            'Correct its settings, then try it: samocode notify test.',
          ),
    ),
  ];
}
