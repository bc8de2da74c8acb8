import type { SchematicContext, Tree } from '@angular-devkit/schematics';
import { jest } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import type { RoomGatewayOptions } from '../../../src/toolkit/schematics/room-gateway/names.js';
import { roomGateway } from '../../../src/toolkit/schematics/room-gateway/room-gateway.js';
import { APP_MODULE, NEW_MODULE, newApp } from './app-tree.js';
import { callRule, HostTree } from './devkit.js';
import { GATEWAY, GATEWAY_SPEC } from './generated-text.js';

describe('room-gateway schematic', () => {
  const warn = jest.fn();
  const info = jest.fn();

  beforeEach(() => warn.mockClear());

  function generate(options: Partial<RoomGatewayOptions>, app = newApp()): Promise<Tree> {
    const context = { logger: { warn, info } } as unknown as SchematicContext;
    // What the Nest CLI passes for `nest g -c nestjs-roomgate room-gateway orders`.
    const typed = { name: 'orders', language: 'ts', sourceRoot: 'src', flat: false, ...options };
    return lastValueFrom(callRule(roomGateway(typed), app, context));
  }

  function filesOf(tree: Tree): string[] {
    return tree.actions.flatMap((action) => (action.kind === 'c' ? [action.path] : [])).sort();
  }

  const newFilesOf = (tree: Tree) => filesOf(tree).filter((path) => path.includes('.gateway.'));

  it('writes a typed gateway', async () => {
    const app = await generate({});

    expect(app.readText('src/orders/orders.gateway.ts')).toBe(GATEWAY);
  });

  it('writes a spec on the test kit', async () => {
    const app = await generate({});

    expect(app.readText('src/orders/orders.gateway.spec.ts')).toBe(GATEWAY_SPEC);
  });

  it('adds the gateway to the providers of the app module, and nothing else', async () => {
    const app = await generate({});

    expect(app.readText('src/app.module.ts')).toBe(
      APP_MODULE.replace(
        `'nestjs-roomgate';\n`,
        `'nestjs-roomgate';\nimport { OrdersGateway } from './orders/orders.gateway.js';\n`,
      ).replace('[AppService]', '[AppService, OrdersGateway]'),
    );
    expect(warn).not.toHaveBeenCalled();
  });

  describe('in an app without RoomgateModule, which would not boot', () => {
    it('adds it to the imports of the root module', async () => {
      const app = await generate({}, newApp({ 'src/app.module.ts': NEW_MODULE }));

      expect(app.readText('src/app.module.ts')).toBe(
        NEW_MODULE.replace(
          `'./app.service.js';\n`,
          `$&import { OrdersGateway } from './orders/orders.gateway.js';
import { RoomgateModule, roomgateConfig } from 'nestjs-roomgate';\n`,
        )
          .replace('[AppService]', '[AppService, OrdersGateway]')
          .replace(
            'imports: []',
            'imports: [RoomgateModule.forRootAsync(roomgateConfig.asProvider())]',
          ),
      );
      expect(warn).not.toHaveBeenCalled();
    });

    it('adds it to the root module also when the gateway belongs to a module nearer to it', async () => {
      const app = newApp({ 'src/app.module.ts': NEW_MODULE });
      app.create('src/shop/shop.module.ts', NEW_MODULE.replace('AppModule', 'ShopModule'));

      await generate({ name: 'shop/orders' }, app);

      expect(app.readText('src/app.module.ts')).toContain('RoomgateModule.forRootAsync(');
      expect(app.readText('src/shop/shop.module.ts')).not.toContain('RoomgateModule');
    });

    it('does so once', async () => {
      const app = newApp({ 'src/app.module.ts': NEW_MODULE });
      await generate({}, app);
      const once = app.readText('src/app.module.ts');

      await generate({ name: 'chat' }, app);

      expect(app.readText('src/app.module.ts').split('forRootAsync')).toHaveLength(
        once.split('forRootAsync').length,
      );
    });

    it('finds it in any file of the app and leaves the root module alone', async () => {
      const app = newApp({ 'src/app.module.ts': NEW_MODULE });
      app.create('src/auth/door.ts', 'export const door = RoomgateModule.forRoot(options);');

      await generate({}, app);

      expect(app.readText('src/app.module.ts')).not.toContain('RoomgateModule');
    });

    it('says what to add when the imports are no list, and with skipImport leaves all as it is', async () => {
      const imports = NEW_MODULE.replace('imports: []', 'imports: features()');
      const app = await generate({}, newApp({ 'src/app.module.ts': imports }));
      const skipped = await generate(
        { skipImport: true },
        newApp({ 'src/app.module.ts': NEW_MODULE }),
      );

      expect(app.readText('src/app.module.ts')).not.toContain('RoomgateModule');
      expect(warn).toHaveBeenCalledWith(
        'Add RoomgateModule.forRootAsync(roomgateConfig.asProvider()) to the imports of /src/app.module.ts yourself.',
      );
      expect(skipped.readText('src/app.module.ts')).toBe(NEW_MODULE);
    });
  });

  it('prefers the module nearest to the gateway', async () => {
    const app = newApp();
    app.create('src/shop/shop.module.ts', APP_MODULE.replace('AppModule', 'ShopModule'));

    await generate({ name: 'shop/orders' }, app);

    expect(app.readText('src/app.module.ts')).toBe(APP_MODULE);
    expect(app.readText('src/shop/shop.module.ts')).toContain(
      `import { OrdersGateway } from './orders/orders.gateway.js';`,
    );
  });

  it.each([
    ['orders', 'orders', 'OrdersGateway', 'orders'],
    ['Orders', 'orders', 'OrdersGateway', 'orders'],
    ['fooBar', 'foo-bar', 'FooBarGateway', 'foo-bar'],
    ['FooBar', 'foo-bar', 'FooBarGateway', 'foo-bar'],
    ['foo-bar', 'foo-bar', 'FooBarGateway', 'foo-bar'],
    ['foo bar', 'foo-bar', 'FooBarGateway', 'foo-bar'],
    ['foo_bar', 'foo_bar', 'FooBarGateway', 'foo-bar'],
    ['v2orders', 'v2orders', 'V2ordersGateway', 'v2orders'],
  ])('spells %s as file %s, class %s, rooms %s', async (name, file, className, rooms) => {
    const app = await generate({ name });

    expect(newFilesOf(app)).toEqual([
      `/src/${file}/${file}.gateway.spec.ts`,
      `/src/${file}/${file}.gateway.ts`,
    ]);
    expect(app.readText(`src/${file}/${file}.gateway.ts`)).toBe(
      GATEWAY.replaceAll('OrdersGateway', className)
        .replace('/orders/:room', `/${rooms}/:room`)
        .replace(`rooms: 'orders'`, `rooms: '${rooms}'`),
    );
    expect(app.readText(`src/${file}/${file}.gateway.spec.ts`)).toBe(
      GATEWAY_SPEC.replaceAll('OrdersGateway', className).replace('./orders.', `./${file}.`),
    );
    expect(app.readText('src/app.module.ts')).toContain(
      `import { ${className} } from './${file}/${file}.gateway.js';`,
    );
  });

  it.each<[string, Partial<RoomGatewayOptions>, string[]]>([
    ['flat', { flat: true }, ['/src/orders.gateway.spec.ts', '/src/orders.gateway.ts']],
    ['no spec', { spec: false }, ['/src/orders/orders.gateway.ts']],
    [
      'a spec suffix',
      { specFileSuffix: 'Test' },
      ['/src/orders/orders.gateway.test.ts', '/src/orders/orders.gateway.ts'],
    ],
    [
      'folders in the name',
      { name: 'myShop/orders', spec: false },
      ['/src/my-shop/orders/orders.gateway.ts'],
    ],
    ['a path', { path: 'shop', spec: false }, ['/src/shop/orders/orders.gateway.ts']],
    ['a source root', { sourceRoot: 'lib', spec: false }, ['/lib/orders/orders.gateway.ts']],
    ['a name above the root', { name: '../../orders', spec: false }, ['/orders/orders.gateway.ts']],
  ])('follows %s', async (_, options, files) => {
    expect(newFilesOf(await generate(options))).toEqual(files);
  });

  it('writes where it was started when that is not the root of an app', async () => {
    const app = await generate({ spec: false }, new HostTree());

    expect(filesOf(app)).toEqual(['/orders/orders.gateway.ts']);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('OrdersGateway'));
  });

  it('follows urlPath, and keeps the rooms named after the gateway', async () => {
    const app = await generate({ urlPath: '/v1/shop/:room' });

    expect(app.readText('src/orders/orders.gateway.ts')).toContain(
      `@RoomGateway('/v1/shop/:room', { rooms: 'orders' })`,
    );
  });

  it('leaves the module alone with skipImport', async () => {
    const app = await generate({ skipImport: true });

    expect(app.readText('src/app.module.ts')).toBe(APP_MODULE);
  });

  it('leaves out .js in relative imports of a CommonJS app', async () => {
    const app = await generate({}, newApp({ 'package.json': '{}' }));

    expect(app.readText('src/orders/orders.gateway.spec.ts')).toContain(`'./orders.gateway';`);
    expect(app.readText('src/app.module.ts')).toContain(`'./orders/orders.gateway';`);
  });

  it.each([
    ['its providers are no list', 'appProviders()'],
    ['it has a gateway of that name', '[OrdersGateway]'],
  ])('says so, and leaves the module alone, when %s', async (_, providers) => {
    const source = APP_MODULE.replace('[AppService]', providers);
    const app = await generate({}, newApp({ 'src/app.module.ts': source }));

    expect(app.readText('src/app.module.ts')).toBe(source);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('/src/app.module.ts yourself'));
  });

  it('is not misled by a longer name', async () => {
    const source = APP_MODULE.replace('[AppService]', '[MyOrdersGateway]');
    const app = await generate({}, newApp({ 'src/app.module.ts': source }));

    expect(app.readText('src/app.module.ts')).toContain('[MyOrdersGateway, OrdersGateway]');
  });

  it('formats what it wrote when asked to', async () => {
    const source = APP_MODULE.replace('[AppService]', '[ AppService ]');
    const app = await generate({ format: true }, newApp({ 'src/app.module.ts': source }));

    expect(app.readText('src/app.module.ts')).toContain('providers: [AppService, OrdersGateway],');
  });

  it('never overwrites a gateway', async () => {
    const app = await generate({});

    await expect(generate({}, app)).rejects.toThrow('already exist');
  });

  it.each<[string, Partial<RoomGatewayOptions>, RegExp]>([
    ['JavaScript', { language: 'js' }, /^room-gateway writes TypeScript only, .*"js"/],
    ['a bad name', { name: '1st' }, /^"1st" cannot name a gateway/],
  ])('refuses %s, and writes nothing', async (_, options, sentence) => {
    const app = newApp();

    await expect(generate(options, app)).rejects.toThrow(sentence);
    expect(newFilesOf(app)).toEqual([]);
  });
});
