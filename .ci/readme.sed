# Makes the README of the packages: for people who have the program and no checkout.
s|](runner/command/help/|](help/|g
s|go run \. |oktareset |
s|testdata/users|users|g
/^\$ make test$/d
s|^The first command does |With a copy of the users.csv beside this file, the command does |
s| The second runs every test\.$||
/^## Install$/,/^## Quick start$/{
/^## Quick start$/!d
}
