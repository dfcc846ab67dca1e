package ftptest

// The user of the servers that know users. The password has characters that
// mean something in a URL.
const (
	passwordUser = "tester"
	password     = "p%ss@w/rd"
	// passwordHash is crypt(3) of password: openssl passwd -6 -salt ftpfstest
	passwordHash = "$6$ftpfstest$pvJhYG7DRvv3HpDQFFi471izfd.G7kjFIuYiNdzbqCKrGAjIzIZkM0rHabyw0pax7Jh45DTy20uD8JzUGJjsf0"
)
