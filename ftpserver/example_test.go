package ftpserver_test

import (
	"log"

	"ftpfs/ftpserver"
)

func Example() {
	dir, err := ftpserver.OpenDirFS("/srv/ftp")
	if err != nil {
		log.Fatal(err)
	}
	defer dir.Close()
	server, err := ftpserver.New(ftpserver.Options{
		FS:        dir,
		Users:     map[string]ftpserver.User{"alice": {Check: ftpserver.Password("secret")}},
		Anonymous: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.ListenAndServe(":2121"))
}
