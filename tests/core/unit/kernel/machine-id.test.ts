import { expect, test } from 'vitest';
import { machineIdIn, platformUuidIn } from '../../../../src/core/kernel/processes/host.ts';

test.each([
  ['0123456789abcdef0123456789abcdef\n', '0123456789abcdef0123456789abcdef'],
  ['uninitialized\n', undefined],
  ['', undefined],
  ['0123456789abcdef\n', undefined],
])('the machine id in %j is %j', (text, id) => {
  expect(machineIdIn(text)).toBe(id);
});

const IOREG = `+-o Root  <class IORegistryEntry, id 0x100000100, retain 26>
  +-o J314sAP  <class IOPlatformExpertDevice, id 0x100000227, registered, matched, active, busy 0 (8 ms), retain 36>
    {
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "IOPlatformSerialNumber" = "C02XXXXXXXXX"
      "IOPlatformUUID" = "12345678-9ABC-DEF0-1234-56789ABCDEF0"
    }
`;

test('a Mac is identified by its platform UUID, and not at all if ioreg does not print it', () => {
  expect(platformUuidIn(IOREG)).toBe('12345678-9ABC-DEF0-1234-56789ABCDEF0');
  expect(platformUuidIn('')).toBeUndefined();
});
