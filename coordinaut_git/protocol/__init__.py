"""The pure protocol: what may be asked, what follows, what is kept. No clock, disk, environment or chance."""
