// Reserves two ports as the owner named in its arguments, and prints them.
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { portsFolder, reservePorts } from '../../../../src/extensions/application/ports/reserve-ports.ts';

// The bundler defines it for programs.
Object.assign(globalThis, { __FAULTS__: false });
const [, , home = '', id = '', file = ''] = process.argv;
const owner = { id, while: file, name: id };
const ports = await reservePorts(
  portsFolder(home),
  { owner, names: ['web', 'db'], set: 'own' },
  { clock: systemClock, host: await systemHost() },
);
console.log(JSON.stringify(Object.values(ports)));
