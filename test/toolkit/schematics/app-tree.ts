import type { Tree } from '@angular-devkit/schematics';
import { HostTree } from './devkit.js';

/** The root module that `nest new` writes. */
export const NEW_MODULE = `import { Module } from '@nestjs/common';
import { AppService } from './app.service.js';

@Module({
  imports: [],
  providers: [AppService],
})
export class AppModule {}
`;

/** The same when it imports RoomgateModule. */
export const APP_MODULE = NEW_MODULE.replace(
  `'./app.service.js';\n`,
  `$&import { RoomgateModule, roomgateConfig } from 'nestjs-roomgate';\n`,
).replace('imports: []', 'imports: [RoomgateModule.forRootAsync(roomgateConfig.asProvider())]');

/** An app as `nest new` leaves it, as far as a schematic looks at it. */
export function newApp(files: Record<string, string> = {}): Tree {
  const app = new HostTree();
  app.create('nest-cli.json', '{}');
  app.create('package.json', files['package.json'] ?? '{ "type": "module" }');
  app.create('src/app.module.ts', files['src/app.module.ts'] ?? APP_MODULE);
  return app;
}
