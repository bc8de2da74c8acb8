import { RoomGateway } from 'nestjs-roomgate';

@RoomGateway('/:room', { scope: 'orders:read orders:write' })
export class ScopedGateway {}
