import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from './steps.js';

/** The edit the README asks for: two imports at the top, two lines in the module's `imports`. */
export function importRoomgateModule(app) {
  const file = join(app, 'src/app.module.ts');
  const source = readFileSync(file, 'utf8');
  const edited = source
    .replace(
      `import { Module } from '@nestjs/common';\n`,
      `$&import { ConfigModule } from '@nestjs/config';
import { RoomgateModule, roomgateConfig, withRoomgateEnv } from 'nestjs-roomgate';\n`,
    )
    .replace(
      'imports: []',
      `imports: [
    ConfigModule.forRoot({ validationSchema: withRoomgateEnv() }),
    RoomgateModule.forRootAsync(roomgateConfig.asProvider()),
  ]`,
    );
  const inserted = edited.split('RoomgateModule').length - 1;
  assert(inserted === 2, `nest new writes another AppModule than this test knows:\n${source}`);
  writeFileSync(file, edited);
}
