# From source, with Node.js alone: npm brings the pinned Deno, whose tasks do the work.
#
#   make            builds one executable; FORM=runtime where Deno's base executable cannot be had
#   make install    installs it below PREFIX, or below DESTDIR for a package (SYSTEMD=1: the service, too)
#   make uninstall
#   make test

PREFIX = /usr/local
DESTDIR =
FORM = compiled
SYSTEMD =
DENO_VERSION = 2.9.3

deno = npx -y deno@$(DENO_VERSION)
built = dist/unpacked/teleport-access-email

all:
	rm -rf dist/unpacked
	mkdir -p dist/unpacked
	$(deno) task build --form $(FORM) --out dist/unpacked
	tar -xzf dist/unpacked/teleport-access-email-v*-bin.tar.gz -C dist/unpacked

install:
	@test -d $(built) || { echo "make install: run make first" >&2; exit 1; }
	DESTDIR=$(DESTDIR) $(built)/install --prefix $(PREFIX) $(if $(SYSTEMD),--systemd)

uninstall:
	DESTDIR=$(DESTDIR) ./install.sh --uninstall --prefix $(PREFIX)

test:
	$(deno) task test

clean:
	rm -rf dist

.PHONY: all install uninstall test clean
